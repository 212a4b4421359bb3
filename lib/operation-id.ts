/** The name of a call for generated clients: `POST /api/v1/auth/verify-email` → `postAuthVerifyEmail`. */
export function operationIdOf (method: string, path: string): string {
  const words = path.replace(/^\/api\/v\d+/, '').split(/[^A-Za-z0-9]+/).filter(word => word !== '')
  return method.toLowerCase() + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

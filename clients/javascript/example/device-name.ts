/** What the list of sessions calls this browser. Edge and Opera name Chrome as well, and Chrome names Safari. */
export function deviceName () {
  const named = [['Edg', 'Edge'], ['OPR', 'Opera'], ['Firefox', 'Firefox'], ['Chrome', 'Chrome'], ['Safari', 'Safari']]
  return named.find(([mark = '']) => navigator.userAgent.includes(mark))?.[1] ?? 'A browser'
}

// Made by `npm run client` from what the server says at /docs/json. Do not edit.

export const accountOperations = {
  register: 'POST /auth/register',
  verifyEmail: 'POST /auth/verify-email',
  resendCode: 'POST /auth/verify-email/resend',
  loginSecondFactor: 'POST /auth/login/second-factor',
  forgotPassword: 'POST /auth/password/forgot',
  resetPassword: 'POST /auth/password/reset',
  confirmEmail: 'POST /auth/email/confirm',
  undoEmailChange: 'POST /auth/email/undo',
  getMe: 'GET /auth/me',
  updateMe: 'PATCH /auth/me',
  deleteMe: 'DELETE /auth/me',
  changePassword: 'POST /auth/password/change',
  reauthenticate: 'POST /auth/reauthenticate',
  exportMe: 'GET /auth/me/export',
  listSessions: 'GET /auth/sessions',
  endSession: 'DELETE /auth/sessions/{id}',
  changeEmail: 'POST /auth/email/change'
}

export const adminOperations = {
  listUsers: 'GET /users',
  createUser: 'POST /users',
  getUser: 'GET /users/{id}',
  updateUser: 'PATCH /users/{id}',
  deleteUser: 'DELETE /users/{id}',
  disableUser: 'POST /users/{id}/disable',
  enableUser: 'POST /users/{id}/enable',
  unlockUser: 'POST /users/{id}/unlock',
  requirePasswordChange: 'POST /users/{id}/require-password-change',
  sendPasswordReset: 'POST /users/{id}/password-reset',
  approveUser: 'POST /users/{id}/approve',
  rejectUser: 'POST /users/{id}/reject',
  getUserStatistics: 'GET /users/stats',
  signOutUser: 'POST /users/{id}/sign-out',
  listUserSessions: 'GET /users/{id}/sessions',
  endUserSession: 'DELETE /users/{id}/sessions/{sid}',
  listRoles: 'GET /roles',
  putRole: 'PUT /roles/{name}',
  deleteRole: 'DELETE /roles/{name}',
  listVendors: 'GET /vendors',
  createVendor: 'POST /vendors',
  updateVendor: 'PATCH /vendors/{id}',
  listAuditEvents: 'GET /admin/audit-events',
  signOutEveryone: 'POST /admin/sign-out-everyone'
}

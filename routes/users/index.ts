import type { FastifyPluginAsync } from 'fastify'
import approveUser from './approve-user.ts'
import createUser from './create-user.ts'
import deleteUser from './delete-user.ts'
import disableUser from './disable-user.ts'
import enableUser from './enable-user.ts'
import endUserSession from './end-user-session.ts'
import listUserDevices from './list-user-devices.ts'
import listUserSessions from './list-user-sessions.ts'
import listUsers from './list-users.ts'
import readSecondFactors from './read-second-factors.ts'
import readUserLock from './read-user-lock.ts'
import readUser from './read-user.ts'
import rejectUser from './reject-user.ts'
import requirePasswordChange from './require-password-change.ts'
import resetSecondFactors from './reset-second-factors.ts'
import sendPasswordReset from './send-password-reset.ts'
import signOutUser from './sign-out-user.ts'
import unlockUser from './unlock-user.ts'
import updateUser from './update-user.ts'
import userStats from './user-stats.ts'
import { guardedBy } from '../guarded.ts'

/** Which routes need which permission. The use case compares the ranks of the caller and of the user. */
const needing = {
  'users:read': [listUsers, readUser, readSecondFactors, listUserDevices, readUserLock],
  'users:write': [
    createUser, updateUser, disableUser, enableUser, unlockUser, requirePasswordChange
  ],
  'users:approve': [approveUser, rejectUser],
  'stats:read': [userStats],
  'sessions:revoke': [signOutUser, listUserSessions, endUserSession]
}

/** Everything under `/users`. The permission is checked before anything else, also for ids that do not exist. */
const users: FastifyPluginAsync = async app => {
  guardedBy(app, needing)
  guardedBy(app, { 'users:write': [sendPasswordReset], 'users:delete': [deleteUser] }, [app.requireRecentSignIn])
  guardedBy(app, { 'users:write': [resetSecondFactors] }, [app.requireRecentFactors])
}

export default users

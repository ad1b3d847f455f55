import { z } from 'zod'
import type { Context } from '../context.ts'
import { Api } from '../http/api.ts'
import { requireUser, requireViewer } from '../http/request.ts'
import { askForLink } from './ask-for-link.ts'
import { changePassword } from './change-password.ts'
import {
  changePasswordBody,
  type DetailJson,
  detailJson,
  resendBody,
  resetBody,
  resetConfirmBody,
  signedInJson,
  signedInWithTokensJson,
  verifyBody,
} from './contract.ts'
import { resetPassword } from './reset-password.ts'
import { answerSignedIn } from './signed-in.ts'
import { verifyEmail } from './verify-email.ts'

const ASKED: DetailJson = {
  detail: 'If there is such an account, a message is on its way to its mailbox: three an hour at most.',
}
const SET: DetailJson = { detail: 'The new password is set. Sign in.' }

/** Confirmed addresses and forgotten passwords. A GET changes nothing: mail scanners follow every link. */
export function passwordRoutes(context: Context): Api {
  const { limits, passwords, viewers, revocations, queue } = context
  const api = new Api('/api/auth', 'Accounts')

  api.post(
    '/verify-email',
    {
      summary: 'Confirms the address with the token that was mailed to it.',
      description: 'Once: then `token_used`. With an older or unknown one, or after three days, `link_invalid`.',
      access: 'anyone',
      body: verifyBody,
      answers: { 200: detailJson },
    },
    async (ctx, { body }) => {
      await verifyEmail(ctx.state.em, body.token, { viewers })
      ctx.body = { detail: 'The address is confirmed.' } satisfies DetailJson
    },
  )

  api.post(
    '/verify-email/resend',
    {
      summary: 'Mails a new link; the older one ends.',
      description: 'Signed in, one’s own address is meant. One a minute and three an hour; more are dropped silently.',
      access: 'anyone',
      body: resendBody,
      answers: { 202: detailJson },
    },
    async (ctx, { body }) => {
      const email = body.email ?? (await requireUser(ctx.state)).email
      await askForLink('verify_email', email, { limits, queue })
      ctx.status = 202
      ctx.body = ASKED
    },
  )

  api.post(
    '/reset-password',
    {
      summary: 'Asks for the mail (`email`), or sets the new password (`token`, `new_password`).',
      description: 'A link is good once, for an hour, until the next is asked for. A new password ends every sign-in.',
      access: 'anyone',
      body: resetBody,
      answers: { 200: detailJson, 202: detailJson },
    },
    async (ctx, { body: { email, token, new_password } }) => {
      if (token !== undefined && new_password !== undefined) {
        await resetPassword(ctx.state.em, token, new_password, { passwords, viewers, revocations, queue })
        ctx.body = SET
      } else if (email !== undefined) {
        await askForLink('reset_password', email, { limits, queue })
        ctx.status = 202
        ctx.body = ASKED
      }
    },
  )

  api.post(
    '/reset-password/confirm',
    {
      summary: 'Sets the new password, as `POST /api/auth/reset-password/` with a token.',
      access: 'anyone',
      body: resetConfirmBody,
      answers: { 200: detailJson },
    },
    async (ctx, { body }) => {
      const ports = { passwords, viewers, revocations, queue }
      await resetPassword(ctx.state.em, body.token, body.new_password, ports)
      ctx.body = SET
    },
  )

  api.post(
    '/change-password',
    {
      summary: 'Changes the password, ends every sign-in and opens a new one for whoever asks.',
      access: 'signed-in',
      body: changePasswordBody,
      answers: { 200: z.union([signedInJson, signedInWithTokensJson]) },
    },
    async (ctx, { body }) => {
      const viewer = requireViewer(ctx.state)
      await limits.take('login_account', `u${viewer.id}`)
      const user = await changePassword(
        ctx.state.em,
        viewer.id,
        { current: body.current_password, next: body.new_password },
        { passwords, viewers, revocations, queue },
      )
      await limits.giveBack('login_account', `u${viewer.id}`)
      ctx.body = await answerSignedIn(ctx, user, viewer.kind === 'browser', context)
    },
  )

  return api
}

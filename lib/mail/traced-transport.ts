import type { Tracing } from '../context/tracing.ts'
import type { Transport } from './mailer.ts'

/** The same transport, whose deliveries are recorded as parts of what is traced: by the kind of mail alone. */
export function traceTransport (transport: Transport, tracing: Tracing): Transport {
  if (!tracing.isOn) return transport

  return {
    ...transport,
    deliver: message => tracing.span('send mail', {
      role: 'client',
      attributes: { 'latchkey.mail.kind': message.kind }
    }, () => transport.deliver(message))
  }
}

import type { Language } from './kinds.ts'

/** German. */
export const german: Language = {
  tag: 'de',
  greeting: name => name === null ? 'Guten Tag,' : `Guten Tag ${name},`,
  time: at => `${at.toLocaleString('de-DE', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' })} Uhr (UTC)`,
  agent: ({ program, platform }) => [program, platform].filter(part => part !== null).join(' unter '),
  labels: {
    when: 'Zeitpunkt',
    device: 'Gerät',
    address: 'IP-Adresse',
    otherwise: 'Waren Sie das nicht?',
    paste: 'Wenn die Seite nach einem Code fragt, kopieren Sie diesen hinein:'
  },
  footer: service => `${service} hat diese Nachricht automatisch gesendet, weil sie Ihr Konto oder Ihre Adresse betrifft.`,

  mails: {
    verify_email: ({ code, minutes }, service) => ({
      subject: `Bestätigen Sie Ihre E-Mail-Adresse für ${service}`,
      title: 'Bestätigen Sie Ihre E-Mail-Adresse',
      lead: `geben Sie diesen Code dort ein, wo Sie sich gerade bei ${service} registrieren:`,
      code,
      terms: `Er gilt noch ${count(minutes, 'Minute', 'Minuten')} und nur einmal. Niemand von ${service} wird Sie je danach fragen.`,
      otherwise: 'Dann brauchen Sie nichts zu tun: Ohne den Code entsteht kein Konto.'
    }),

    already_registered: ({ attempt, appUrl }, service) => ({
      subject: `Sie haben bereits ein Konto bei ${service}`,
      title: 'Sie haben bereits ein Konto',
      lead: attempt === 'registration'
        ? `jemand, vielleicht Sie selbst, wollte sich gerade mit dieser Adresse bei ${service} registrieren. Zu ihr gibt es schon ein Konto, deshalb wurde nichts geändert.`
        : `jemand, vielleicht Sie selbst, wollte gerade einem anderen Konto bei ${service} diese Adresse geben. Zu ihr gibt es schon ein eigenes Konto, deshalb wurde nichts geändert.`,
      advice: 'Melden Sie sich mit Ihrem Passwort an. Wenn Sie es vergessen haben, können Sie auf der Anmeldeseite ein neues wählen.',
      link: { label: 'Zur Anmeldung', url: appUrl },
      otherwise: 'Dann brauchen Sie nichts zu tun: Wer es versucht hat, hat nicht erfahren, dass Sie ein Konto haben.'
    }),

    password_reset: ({ cause, url, minutes }, service) => ({
      subject: `Wählen Sie ein neues Passwort für ${service}`,
      title: 'Wählen Sie ein neues Passwort',
      lead: cause === 'address_restored'
        ? `Ihr Konto bei ${service} behält diese Adresse. Alle Sitzungen wurden beendet, und das Passwort gilt nicht mehr, weil es jemand anders gekannt haben kann. Hier wählen Sie ein neues:`
        : `jemand, hoffentlich Sie selbst, hat das Passwort Ihres Kontos bei ${service} als vergessen gemeldet. Hier wählen Sie ein neues:`,
      link: { label: 'Neues Passwort wählen', url },
      terms: `Der Link gilt noch ${count(minutes, 'Minute', 'Minuten')} und nur einmal; haben Sie mehrere bekommen, gilt der neueste. ${cause === 'address_restored' ? 'Später bekommen Sie einen neuen mit „Passwort vergessen“ auf der Anmeldeseite.' : 'Mit dem neuen Passwort werden Sie überall abgemeldet.'}`,
      ...cause === 'forgotten' && {
        otherwise: 'Dann brauchen Sie nichts zu tun: Ihr Passwort bleibt, wie es ist, und ohne diesen Link kommt niemand in Ihr Konto.'
      }
    }),

    invitation: ({ url, until }, service) => ({
      subject: `Sie sind zu ${service} eingeladen`,
      title: `Sie sind zu ${service} eingeladen`,
      lead: `für Sie wurde ein Konto bei ${service} angelegt. Wählen Sie ein Passwort, dann gehört es Ihnen:`,
      link: { label: 'Einladung annehmen', url },
      terms: `Der Link gilt bis zum ${german.time(until)} und nur einmal. Wenn Sie nicht wissen, warum Sie jemand einladen sollte, brauchen Sie nichts zu tun: Ohne den Link kann niemand das Konto benutzen.`
    }),

    confirm_email: ({ url, until }, service) => ({
      subject: `Bestätigen Sie Ihre neue Adresse für ${service}`,
      title: 'Bestätigen Sie Ihre neue Adresse',
      lead: `jemand, hoffentlich Sie selbst, möchte diese Adresse künftig für das eigene Konto bei ${service} verwenden. Bestätigen Sie sie hier:`,
      link: { label: 'Adresse bestätigen', url },
      terms: `Der Link gilt bis zum ${german.time(until)} und nur einmal.`,
      otherwise: 'Dann brauchen Sie nichts zu tun: Ohne den Link ändert sich nichts, und Ihre Adresse wird nicht verwendet.'
    }),

    email_changed: (values, service) => {
      switch (values.stage) {
        case 'requested': return {
          subject: `Eine neue Adresse für Ihr Konto bei ${service}`,
          title: 'Ihre Adresse soll sich ändern',
          lead: `jemand, hoffentlich Sie selbst, möchte für Ihr Konto bei ${service} eine andere Adresse verwenden. Sie ersetzt diese hier, sobald sie bestätigt ist.`,
          otherwise: `Dann verhindern Sie es: Damit enden alle Sitzungen Ihres Kontos, und diese Adresse bleibt. Der Link gilt bis zum ${german.time(values.until)}. Ihr Passwort gilt dann nicht mehr, falls jemand es kennt: Mit einer weiteren Nachricht wählen Sie ein neues.`,
          remedy: { label: 'Diese Adresse behalten', url: values.url }
        }
        case 'confirmed': return {
          subject: `Die Adresse Ihres Kontos bei ${service} wurde geändert`,
          title: 'Ihre Adresse wurde geändert',
          lead: `Ihr Konto bei ${service} hat ab jetzt eine andere Adresse. Mit dieser hier können Sie sich nicht mehr anmelden, und sie bekommt keine Nachrichten mehr zu diesem Konto.`,
          otherwise: `Dann holen Sie Ihr Konto zurück: Damit enden alle seine Sitzungen, und es bekommt diese Adresse wieder. Der Link gilt bis zum ${german.time(values.until)}. Ihr Passwort gilt dann nicht mehr, falls jemand es kennt: Mit einer weiteren Nachricht wählen Sie ein neues.`,
          remedy: { label: 'Diese Adresse zurückholen', url: values.url }
        }
        case 'arrived': return {
          subject: `Das ist jetzt die Adresse Ihres Kontos bei ${service}`,
          title: 'Ihre neue Adresse ist bestätigt',
          lead: `ab jetzt melden Sie sich bei ${service} mit dieser Adresse an, und alles zu Ihrem Konto kommt hierher. Ihre bisherige Adresse wurde benachrichtigt.`,
          otherwise: `Dann hat jemand aus Ihrem Postfach heraus eine Adresse bestätigt, die ihm nicht gehört: Wählen Sie dort ein neues Passwort und melden Sie es ${service}.`
        }
      }
    },

    password_changed: ({ how, appUrl }, service) => ({
      subject: `Ihr Passwort für ${service} wurde geändert`,
      title: 'Ihr Passwort wurde geändert',
      lead: how === 'reset'
        ? `für Ihr Konto bei ${service} wurde ein neues Passwort gewählt, über den Link aus einer Nachricht an diese Adresse. Alle Sitzungen wurden beendet; melden Sie sich neu an, wo Sie es brauchen.`
        : `das Passwort Ihres Kontos bei ${service} wurde geändert. Alle Sitzungen wurden beendet außer der, in der es geändert wurde.`,
      otherwise: how === 'reset'
        ? 'Dann liest jemand Ihre E-Mails mit: Wählen Sie zuerst ein neues Passwort für Ihr Postfach und dann eines hier, mit „Passwort vergessen“ auf der Anmeldeseite.'
        : 'Dann wählen Sie sofort ein neues Passwort, mit „Passwort vergessen“ auf der Anmeldeseite. Damit enden alle Sitzungen, auch die, in der das geschehen ist.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    new_device: ({ device, hasPassword, appUrl }, service) => ({
      subject: `Neue Anmeldung in Ihrem Konto bei ${service}`,
      title: 'Ein neues Gerät hat sich angemeldet',
      lead: `jemand, hoffentlich Sie selbst, hat sich in Ihrem Konto bei ${service} auf einem Gerät angemeldet, das dort noch nicht bekannt war.${device === null ? '' : ` Das Gerät nennt sich „${device}“.`}`,
      advice: 'Wenn Sie das waren, brauchen Sie nichts zu tun.',
      otherwise: hasPassword
        ? 'Dann kennt jemand Ihr Passwort: Wählen Sie sofort ein neues, mit „Passwort vergessen“ auf der Anmeldeseite. Damit enden alle Sitzungen, auch diese.'
        : 'Dann hat jemand einen Ihrer Passkeys: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein Passwort, damit enden alle Sitzungen, melden Sie sich an und entfernen Sie die Passkeys, die nicht Ihre sind.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    locked: ({ bucket, until, appUrl }, service) => ({
      subject: `Zu viele falsche Passwörter für Ihr Konto bei ${service}`,
      title: 'Zu viele falsche Passwörter',
      lead: `${guesses[bucket].happened} Damit hat niemand Zugang bekommen. Bis zum ${german.time(until)} ${guesses[bucket].paused}`,
      advice: 'Sie brauchen nicht zu warten: Mit einem Passkey, falls Sie einen haben, können Sie sich trotzdem anmelden. Oder wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort. Auf dem Gerät, auf dem Sie den Link aus jener Nachricht öffnen, können Sie sich sofort anmelden.',
      link: { label: 'Zur Anmeldung', url: appUrl },
      otherwise: guesses[bucket].otherwise
    }),

    reuse_detected: ({ device, appUrl }, service) => ({
      subject: `Wir haben eine Ihrer Sitzungen bei ${service} beendet`,
      title: 'Eine Ihrer Sitzungen wurde beendet',
      lead: `ein Anmeldeschlüssel Ihrer Sitzung${device === null ? '' : ` auf „${device}“`} wurde ein zweites Mal verwendet. Das geschieht, wenn ihn jemand kopiert hat, deshalb wurde diese Sitzung beendet. Andere Sitzungen laufen weiter.`,
      advice: 'Wenn das Gerät Ihnen gehört, melden Sie sich dort einfach neu an.',
      otherwise: 'Dann ändern Sie Ihr Passwort: Damit enden alle anderen Sitzungen. Tun Sie das auch, wenn es wieder geschieht.',
      remedy: { label: 'Sitzungen ansehen', url: appUrl }
    }),

    second_factor_added: ({ appUrl }, service) => ({
      subject: `Ihr Konto bei ${service} verlangt jetzt einen zweiten Faktor`,
      title: 'Der zweite Faktor ist eingeschaltet',
      lead: `ab jetzt brauchen Sie für die Anmeldung bei ${service} neben dem Passwort einen zweiten Faktor: einen Code Ihrer Authenticator-App oder einen Passkey. Alle Sitzungen außer der, in der das eingeschaltet wurde, sind beendet.`,
      advice: 'Bewahren Sie Ihre Wiederherstellungscodes so auf, dass Sie sie ohne Ihr Telefon finden: Mit jedem können Sie sich einmal anmelden.',
      otherwise: 'Dann hat jemand Ihr Konto benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, und wenden Sie sich an den Betreiber.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    second_factor_removed: ({ appUrl }, service) => ({
      subject: `Ihr Konto bei ${service} verlangt keinen zweiten Faktor mehr`,
      title: 'Der zweite Faktor ist ausgeschaltet',
      lead: `ab jetzt genügt für die Anmeldung bei ${service} das Passwort allein. Alle Sitzungen außer der, in der der zweite Faktor ausgeschaltet wurde, sind beendet.`,
      otherwise: 'Dann hat jemand Ihr Konto benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, und schalten Sie den zweiten Faktor wieder ein.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    second_factor_reset: (values, service) => {
      switch (values.stage) {
        case 'requested': return {
          subject: `Setzen Sie den zweiten Faktor Ihres Kontos bei ${service} zurück`,
          title: 'Zweiten Faktor zurücksetzen',
          lead: `weil der zweite Faktor Ihres Kontos bei ${service} verloren ist, wurde für Sie darum gebeten, dass Sie einen neuen einrichten können. Melden Sie sich hier mit Ihrem Passwort an und richten Sie ihn ein:`,
          link: { label: 'Neuen zweiten Faktor einrichten', url: values.url },
          terms: `Der Link gilt bis zum ${german.time(values.until)}, zusammen mit Ihrem jetzigen Passwort. Sobald der neue Faktor eingerichtet ist, gelten die alten und Ihre Wiederherstellungscodes nicht mehr, und Sie sind überall sonst abgemeldet.`,
          otherwise: 'Dann melden Sie sich wie gewohnt mit Ihrem zweiten Faktor an: Damit verfällt der Link. Wählen Sie danach ein neues Passwort, für den Fall, dass jemand Ihres kennt, und sagen Sie dem Betreiber Bescheid.'
        }
        case 'finished': return {
          subject: `Der zweite Faktor Ihres Kontos bei ${service} wurde zurückgesetzt`,
          title: 'Ihr zweiter Faktor wurde zurückgesetzt',
          lead: `an die Stelle aller bisherigen zweiten Faktoren Ihres Kontos bei ${service} ist ein neuer getreten. Die alten und die alten Wiederherstellungscodes gelten nicht mehr. Alle Sitzungen außer der, in der das geschah, sind beendet.`,
          advice: 'Bewahren Sie Ihre neuen Wiederherstellungscodes so auf, dass Sie sie ohne Ihr Telefon finden: Mit jedem können Sie sich einmal anmelden.',
          otherwise: 'Dann hat jemand Ihr Passwort und Ihr Postfach benutzt: Wählen Sie dort ein neues Passwort, danach mit „Passwort vergessen“ auf der Anmeldeseite eines für dieses Konto, und wenden Sie sich an den Betreiber.',
          remedy: { label: 'Zur Anmeldung', url: values.appUrl }
        }
        case 'removed': return {
          subject: `Die zweiten Faktoren Ihres Kontos bei ${service} wurden entfernt`,
          title: 'Ihre zweiten Faktoren wurden entfernt',
          lead: `alle Passkeys, die Authenticator-App und die Wiederherstellungscodes Ihres Kontos bei ${service} wurden vom Betreiber entfernt, weil sie verloren oder nicht Ihre waren. Mit keinem davon kann man sich noch anmelden, und alle Sitzungen sind beendet.`,
          advice: values.hasPassword
            ? 'Mit Ihrem Passwort melden Sie sich an wie bisher. Richten Sie danach einen neuen Passkey oder eine neue Authenticator-App ein.'
            : 'Auch Ihr Passwort wurde entfernt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues, und richten Sie danach einen neuen Passkey oder eine neue Authenticator-App ein.',
          otherwise: 'Dann sagen Sie dem Betreiber Bescheid.',
          remedy: { label: 'Zur Anmeldung', url: values.appUrl }
        }
      }
    },

    passkey_added: ({ appUrl }, service) => ({
      subject: `Ein neuer Passkey für Ihr Konto bei ${service}`,
      title: 'Sie haben einen neuen Passkey',
      lead: `Ihrem Konto bei ${service} wurde ein Passkey hinzugefügt. Wer ihn hat, kann sich ohne Ihr Passwort anmelden.`,
      advice: 'Wenn Sie das waren, ist nichts zu tun.',
      otherwise: 'Dann hat jemand Ihr Konto benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, und lassen Sie den Passkey entfernen: mit einem eigenen zweiten Faktor tun Sie es selbst, ohne einen tut es der Betreiber für Sie.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    factor_removed: ({ what, appUrl }, service) => ({
      subject: `${what === 'passkey' ? 'Ein Passkey' : 'Die Authenticator-App'} Ihres Kontos bei ${service} wurde entfernt`,
      title: what === 'passkey' ? 'Ein Passkey wurde entfernt' : 'Die Authenticator-App wurde entfernt',
      lead: `${what === 'passkey' ? 'ein Passkey' : 'die Authenticator-App'} wurde von Ihrem Konto bei ${service} entfernt und gilt nicht mehr für die Anmeldung. Alle Sitzungen außer der, in der das geschah, sind beendet.`,
      otherwise: 'Dann hat jemand Ihr Konto benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, und sehen Sie nach, womit man sich sonst noch an Ihrem Konto anmelden kann.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    password_removed: ({ appUrl }, service) => ({
      subject: `Ihr Konto bei ${service} hat kein Passwort mehr`,
      title: 'Ihr Passwort ist entfernt',
      lead: `das Passwort Ihres Kontos bei ${service} wurde aufgegeben. Ab jetzt melden Sie sich mit Ihren Passkeys an und mit keinem Passwort mehr. Alle Sitzungen außer der, in der das geschah, sind beendet.`,
      advice: 'Bewahren Sie Ihre Wiederherstellungscodes so auf, dass Sie sie ohne Ihre Geräte finden. Wenn Sie Ihre Passkeys verlieren, wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein Passwort und melden sich damit und mit einem der Codes an.',
      otherwise: 'Dann hat jemand Ihr Konto mit einem Ihrer Passkeys benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein Passwort, damit enden alle Sitzungen, melden Sie sich an und entfernen Sie die Passkeys, die nicht Ihre sind.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    recovery_codes_renewed: ({ appUrl }, service) => ({
      subject: `Neue Wiederherstellungscodes für Ihr Konto bei ${service}`,
      title: 'Sie haben neue Wiederherstellungscodes',
      lead: `für Ihr Konto bei ${service} wurden neue Wiederherstellungscodes erzeugt. Die alten gelten nicht mehr.`,
      otherwise: 'Dann hat jemand Ihr Konto benutzt: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, melden Sie sich an und erzeugen Sie neue Codes.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    recovery_code_used: ({ left, appUrl }, service) => ({
      subject: `Ein Wiederherstellungscode Ihres Kontos bei ${service} wurde benutzt`,
      title: 'Ein Wiederherstellungscode wurde benutzt',
      lead: `jemand, hoffentlich Sie, hat bei ${service} statt der Authenticator-App einen Ihrer Wiederherstellungscodes benutzt. ${left === 0 ? 'Es ist keiner mehr übrig.' : `Übrig ${left === 1 ? 'ist' : 'sind'} noch ${count(left, 'Code', 'Codes')}.`}`,
      advice: left <= 2 ? 'Erzeugen Sie jetzt neue: Ohne sie und ohne Ihr Telefon gibt es keinen Zugang.' : 'Wenn Sie es waren, ist nichts zu tun.',
      otherwise: 'Dann kennt jemand Ihr Passwort und hat Ihre Wiederherstellungscodes: Wählen Sie mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort, damit enden alle Sitzungen, melden Sie sich an und erzeugen Sie neue Codes.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    password_known: ({ until, appUrl }, service) => ({
      subject: `Jemand kennt Ihr Passwort bei ${service}`,
      title: 'Jemand kennt Ihr Passwort',
      lead: `jemand hat das richtige Passwort Ihres Kontos bei ${service} eingegeben und danach falsche Codes. Damit hat niemand Zugang bekommen. Bis zum ${german.time(until)} wird von dort kein Code angenommen.`,
      advice: 'Wenn Sie es waren, prüfen Sie die Uhr des Geräts mit Ihrer Authenticator-App.',
      otherwise: 'Dann wählen Sie sofort mit „Passwort vergessen“ auf der Anmeldeseite ein neues Passwort und verwenden Sie es nirgends sonst.',
      remedy: { label: 'Zur Anmeldung', url: appUrl }
    }),

    approval: (values, service) => {
      switch (values.stage) {
        case 'pending': return {
          subject: `Jemand wartet auf Ihre Freigabe bei ${service}`,
          title: 'Jemand wartet auf Ihre Freigabe',
          lead: `jemand hat sich bei ${service} registriert und kann sich erst anmelden, wenn das Konto freigegeben ist. Sie gehören zu denen, die das tun können.`,
          details: [['Name', values.applicant.name], ['E-Mail-Adresse', values.applicant.email]],
          advice: 'Der Name ist eine eigene Angabe und wurde von niemandem geprüft.',
          link: { label: `Zu ${service}`, url: values.appUrl }
        }
        case 'gathered': return {
          subject: `${values.applicants.length + values.more} Personen warten auf Ihre Freigabe bei ${service}`,
          title: `${values.applicants.length + values.more} Personen warten auf Ihre Freigabe`,
          lead: `mehrere Personen haben sich in der letzten Stunde bei ${service} registriert und können sich erst anmelden, wenn ihre Konten freigegeben sind. Sie gehören zu denen, die das tun können.`,
          details: values.applicants.map(({ name, email }, place) => [String(place + 1), `${name}, ${email}`]),
          advice: `${values.more > 0 ? `Und ${values.more} weitere. ` : ''}Die Namen sind eigene Angaben und wurden von niemandem geprüft.`,
          link: { label: `Zu ${service}`, url: values.appUrl }
        }
        case 'approved': return {
          subject: `Ihr Konto bei ${service} wurde freigegeben`,
          title: 'Ihr Konto wurde freigegeben',
          lead: `Ihr Konto bei ${service} wurde geprüft und freigegeben. Sie können sich ab jetzt anmelden.`,
          link: { label: 'Zur Anmeldung', url: values.appUrl }
        }
        case 'rejected': return {
          subject: `Ihr Konto bei ${service} wurde nicht freigegeben`,
          title: 'Ihr Konto wurde nicht freigegeben',
          lead: `Ihr Konto bei ${service} wurde geprüft und nicht freigegeben. Sie können sich damit nicht anmelden.`,
          ...(values.reason !== null && { details: [['Begründung', values.reason]] })
        }
      }
    },

    account_deleted: (_, service) => ({
      subject: `Ihr Konto bei ${service} wurde gelöscht`,
      title: 'Ihr Konto wurde gelöscht',
      lead: `Ihr Konto bei ${service} wurde mit allen persönlichen Angaben gelöscht. Alle Sitzungen sind beendet. Es lässt sich nicht wiederherstellen.`,
      advice: 'Dies ist die letzte Nachricht dazu. Sie können sich mit dieser Adresse jederzeit neu registrieren.',
      otherwise: `Dann war jemand an Ihrer Stelle angemeldet: Wählen Sie überall neue Passwörter, wo Sie dasselbe verwenden, vor allem für Ihr Postfach, und melden Sie es ${service}.`
    }),

    announcement: ({ subject, body }) => ({ subject, title: subject, body })
  }
}

const guesses = {
  strangers: {
    happened: 'von Geräten, die sich in Ihrem Konto noch nie angemeldet haben, kamen falsche Passwörter.',
    paused: 'wird von solchen Geräten keine Anmeldung angenommen, auch nicht mit dem richtigen Passwort. Geräte, auf denen Sie schon angemeldet waren, und offene Sitzungen sind davon nicht betroffen.',
    otherwise: 'Dann brauchen Sie nichts zu tun.'
  },
  device: {
    happened: 'von einem Gerät, das sich in Ihrem Konto schon angemeldet hat, kamen falsche Passwörter.',
    paused: 'wird von diesem Gerät keine Anmeldung angenommen, auch nicht mit dem richtigen Passwort. Andere Geräte und offene Sitzungen sind davon nicht betroffen.',
    otherwise: 'Dann hat jemand anderes dieses Gerät in der Hand: Beenden Sie seine Sitzungen und wählen Sie ein neues Passwort.'
  },
  session: {
    happened: 'in einer Ihrer Sitzungen wurden falsche Passwörter eingegeben, wo noch einmal nach Ihrem gefragt wurde.',
    paused: 'wird dort kein Passwort angenommen, auch nicht das richtige. Ansonsten ist diese Sitzung nicht betroffen, und auch keine andere.',
    otherwise: 'Dann benutzt jemand anderes diese Sitzung: Beenden Sie sie und wählen Sie ein neues Passwort.'
  }
}

function count (number: number, one: string, many: string) {
  return `${number} ${number === 1 ? one : many}`
}

/** Names of people, and texts that are none, as every way into the service must judge them. */
export const names = {
  accepted: [
    'Ada King',
    'x',
    ' Ada ',
    'Ada’s "phone"',
    '山田　太郎',
    'Zoë 😀',
    'Zoe\u0308',
    'ශ්\u200dරී ලංකා',
    'می\u200cخواهم',
    '👩\u200d👩\u200d👧',
    'עדה\u200f (Ada)',
    '😀'.repeat(200),
    'e\u0301'.repeat(200),
    '=HYPERLINK("http://x","y")'
  ],
  refused: [
    '',
    ' ',
    '\u3000',
    'Ada\nKing',
    'Ada\r',
    'Ada\tKing',
    'Ada\u0085King',
    'Ada\u2028King',
    'Ada\u2029',
    'Ada\u007f',
    '\u200b',
    ' \u200d\u200b',
    '\u3164',
    '\u115f\u1160',
    '\u2800',
    '\u00ad',
    '\ufeff',
    'Ada\u202egniK',
    '\u2066Ada\u2069',
    '\u202aAda',
    'x'.repeat(201),
    // Each letter becomes two in NFC.
    '\u0958'.repeat(101)
  ]
}

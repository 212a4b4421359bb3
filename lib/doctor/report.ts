import type { Severity } from '../config/warnings.ts'
import { verdictOf } from './examination.ts'
import type { AreaFinding } from './examination.ts'

/** The order in which findings are shown, and the colour of each severity (SGR). */
const severities: Record<Severity, { label: string, colour: number }> = {
  unsafe: { label: 'UNSAFE', colour: 31 },
  unknown: { label: 'UNKNOWN', colour: 35 },
  warning: { label: 'WARNING', colour: 33 },
  info: { label: 'INFO', colour: 36 }
}

const order = Object.keys(severities)
const widthMax = 100
const indent = '  '

/** The findings, the worst first. */
export function sorted (findings: readonly AreaFinding[]): AreaFinding[] {
  return findings.toSorted((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity))
}

/** The findings as a text for a person. Characters of other programs that terminals obey are left out. */
export function reportOf (findings: readonly AreaFinding[], { hasColours }: { hasColours: boolean }): string {
  return [...sorted(findings).map(finding => `${describe(finding, hasColours)}\n`), summaryOf(findings)].join('\n')
}

function describe ({ area, code, severity, message, advice }: AreaFinding, hasColours: boolean): string {
  const { label, colour } = severities[severity]
  const head = hasColours ? `\u001b[1;${colour}m${label}\u001b[0m` : label
  return [`${head}  ${area}: ${code}`, ...wrap(plain(message)), ...wrap(plain(`→ ${advice}`))].join('\n')
}

function summaryOf (findings: readonly AreaFinding[]): string {
  const counts = order
    .map(severity => [severity, findings.filter(finding => finding.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${severity}`)
  const verdict = {
    sound: 'The deployment is sound.',
    unsafe: 'The deployment is NOT sound.',
    unknown: 'Not everything could be looked at, so nobody knows whether the deployment is sound.'
  }[verdictOf(findings)]
  return `${verdict}${counts.length > 0 ? ` Found: ${counts.join(', ')}.` : ' Nothing was found.'}`
}

/** The lines of a text, broken between words. */
function wrap (text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && `${line} ${word}`.length <= widthMax) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(`${indent}${word}`)
  }
  return lines
}

const plain = (text: string) => text.replace(/\p{Cc}/gu, ' ')

/** The cells of one line of CSV (RFC 4180); null if its quotes do not match. A cell cannot contain a line end. */
export function parseCsv (line: string): string[] | null {
  const cells: string[] = []

  for (let place = 0; place <= line.length; place++) {
    const isQuoted = line[place] === '"'
    const end = isQuoted ? endOfQuoted(line, place) : endOfPlain(line, place)
    if (end === null) return null

    cells.push(isQuoted ? line.slice(place + 1, end - 1).replaceAll('""', '"') : line.slice(place, end))
    place = end
  }
  return cells
}

/** A line of CSV, without the line end. */
export function formatCsv (cells: string[]): string {
  return cells.map(cell => /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell).join(',')
}

function endOfPlain (line: string, start: number): number | null {
  const comma = line.indexOf(',', start)
  const end = comma < 0 ? line.length : comma
  return line.slice(start, end).includes('"') ? null : end
}

/**
 * A cell that no spreadsheet evaluates: an apostrophe before what begins like a formula makes it text (OWASP, CSV
 * Injection). A cell that begins like an escaped one gets another apostrophe, so that `unescapeFormula` undoes it.
 */
export function escapeFormula (cell: string): string {
  return /^'*[=+\-@\t\r\n＝＋－＠]/.test(cell) ? `'${cell}` : cell
}

/** The cell that `escapeFormula` was given. Any other apostrophe stays. */
export function unescapeFormula (cell: string): string {
  return /^'+[=+\-@\t\r\n＝＋－＠]/.test(cell) ? cell.slice(1) : cell
}

/** The place after the closing quote: the one that is followed by a comma or nothing, and not one of a pair. */
function endOfQuoted (line: string, start: number): number | null {
  for (let place = start + 1; ; place += 2) {
    place = line.indexOf('"', place)
    if (place < 0) return null
    if (line[place + 1] !== '"') return place + 1 === line.length || line[place + 1] === ',' ? place + 1 : null
  }
}

/** Rows of cells as lines of text: the first column begins at the left, the others end at the right. */
export function align (rows: string[][]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)))
  return rows.map(row => row.map((cell, column) => pad(cell, column)).join('  ').trimEnd())

  function pad (cell: string, column: number) {
    const width = widths[column] ?? 0
    return column === 0 ? cell.padEnd(width) : cell.padStart(width)
  }
}

// npm run architecture: draws the folders of lib and what they import into docs/architecture.md.
import { readFileSync, writeFileSync } from 'node:fs'
import { readImports, withDiagram } from './documents/architecture-diagram.ts'

const target = 'docs/architecture.md'

writeFileSync(target, withDiagram(readFileSync(target, 'utf8'), readImports()))
console.log(`${target} is up to date`)

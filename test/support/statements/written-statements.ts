import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import ts from 'typescript'

/** A statement where lib runs it: a tagged template whose tag answers rows. */
export interface WrittenStatement {
  /** The file and the function, such as `lib/jobs/job-store.ts, counts`. */
  place: string
  /** The texts around its values. */
  texts: string[]
  /** Whether one of its values is a fragment, so that its whole text is known only when it runs. */
  isComposed: boolean
}

/** Every statement in the sources of lib. The compiler tells rows from fragments by their types. */
export function writtenStatements (): WrittenStatement[] {
  const files = ts.sys.readDirectory('lib', ['.ts']).filter(file => readFileSync(file, 'utf8').includes('`'))
  const program = createProgram(files)
  const checker = program.getTypeChecker()

  return files.flatMap(file => {
    const source = program.getSourceFile(file)
    return source === undefined ? [] : statementsIn(source)
  })

  function statementsIn (source: ts.SourceFile): WrittenStatement[] {
    const found: WrittenStatement[] = []
    visit(source)
    return found

    function visit (node: ts.Node) {
      if (ts.isTaggedTemplateExpression(node) && typeOf(node).startsWith('Promise<')) found.push(read(node))
      ts.forEachChild(node, visit)
    }

    function read (node: ts.TaggedTemplateExpression): WrittenStatement {
      const { template } = node
      const spans = ts.isTemplateExpression(template) ? [...template.templateSpans] : []
      const head = ts.isTemplateExpression(template) ? template.head : template
      return {
        place: `${relative('.', source.fileName)}, ${functionAround(node)}`,
        texts: [head.text, ...spans.map(({ literal }) => literal.text)],
        isComposed: spans.some(({ expression }) => typeOf(expression) === 'Fragment')
      }
    }
  }

  function typeOf (node: ts.Node) {
    return checker.typeToString(checker.getTypeAtLocation(node))
  }
}

function functionAround (node: ts.Node): string {
  for (let around = node.parent; !ts.isSourceFile(around); around = around.parent) {
    if (ts.isFunctionDeclaration(around) && around.name !== undefined) return around.name.text
  }
  return ''
}

/** The text of a statement without fragments, as Postgres takes it. */
export function textOf ({ texts }: Pick<WrittenStatement, 'texts'>): string {
  return texts.reduce((text, next, place) => `${text}$${place}${next}`)
}

/** Tells whether a text can be that of a statement: the texts around its values stand in it, in their order. */
export function isFormOf (text: string): (statement: WrittenStatement) => boolean {
  return ({ texts, isComposed }) => {
    if (!isComposed) return textOf({ texts }) === text
    const ends = text.startsWith(texts[0] ?? '') && text.endsWith(texts.at(-1) ?? '')
    return ends && texts.reduce((from, part) => from < 0 ? from : indexBehind(text, part, from), 0) >= 0
  }
}

/** The index behind a part of a text, looked for from an index on; -1 if it is not there. */
function indexBehind (text: string, part: string, from: number): number {
  const start = text.indexOf(part, from)
  return start < 0 ? -1 : start + part.length
}

/** The types of our own files are enough, and reading those of packages would take seconds. */
function createProgram (files: string[]): ts.Program {
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
  const options = { ...ts.parseJsonConfigFileContent(config, { ...ts.sys, readDirectory: () => [] }, '.').options, types: [] }
  const host = ts.createCompilerHost(options)
  host.resolveModuleNameLiterals = (names, importer) => names.map(({ text }) =>
    text.startsWith('.') ? ts.resolveModuleName(text, importer, options, host) : { resolvedModule: undefined })
  return ts.createProgram(files, options, host)
}

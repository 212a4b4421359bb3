import { posix } from 'node:path'
import ts from 'typescript'

/** One import of a file: a path from the root of the repository, or the name of a library. */
export interface Import { target: string, isType: boolean }

/** What a file imports and re-exports, by value and as types. */
export function importsOf (path: string, text: string): Import[] {
  const found: Import[] = []
  const add = (target: ts.Expression | undefined, isType: boolean) => {
    if (target === undefined || !ts.isStringLiteralLike(target)) return
    found.push({ target: resolve(path, target.text), isType })
  }

  function visit (node: ts.Node) {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node))
    if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return found
}

/** Whether an import is of a file of ours. */
export const isPath = (target: string) => target.endsWith('.ts')

function isTypeOnly ({ importClause }: ts.ImportDeclaration) {
  if (importClause === undefined) return false
  const { isTypeOnly, name, namedBindings } = importClause
  if (isTypeOnly) return true
  if (name !== undefined || namedBindings === undefined || !ts.isNamedImports(namedBindings)) return false
  return namedBindings.elements.length > 0 && namedBindings.elements.every(element => element.isTypeOnly)
}

function resolve (from: string, target: string) {
  return target.startsWith('.') ? posix.join(posix.dirname(from), target) : target
}

import ts from 'typescript'

/** Where changes are written and published together. */
const isOfChanges = /^(lib|plugins)\/changes\//

/**
 * Only a unit of work publishes changes: a change that was published without its transaction would exist in the memory
 * of one node alone. So no file outside of `changes` may read a member `publish`, of the feed or of anything else.
 */
export function findPublishers (path: string, text: string): string[] {
  if (isOfChanges.test(path)) return []
  let isFound = false

  function visit (node: ts.Node) {
    if (nameRead(node) === 'publish') isFound = true
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return isFound ? [`${path} publishes changes, which only a unit of work may`] : []
}

/** The name of the member that a node reads: `feed.publish`, `feed['publish']`, `const { publish } = feed`. */
function nameRead (node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  if (ts.isElementAccessExpression(node)) return textOf(node.argumentExpression)
  if (ts.isBindingElement(node)) return textOf(node.propertyName ?? node.name)
  return undefined
}

function textOf (node: ts.Node): string | undefined {
  return ts.isIdentifier(node) || ts.isStringLiteralLike(node) ? node.text : undefined
}

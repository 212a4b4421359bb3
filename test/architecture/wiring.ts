import ts from 'typescript'

/** What a file has to do with Fastify's decorators. */
export interface Wiring {
  /** Decorators of the instance that it makes. */
  offers: Set<string>
  /** Decorators of requests and replies that it makes. */
  slots: Set<string>
  /** Names that it reads from an instance, a request or a reply, including names that are no decorators. */
  uses: Set<string>
  /** The features that it says it needs. */
  dependencies: Set<string>
  /** The decorators that it says it needs from any feature, as plugins do that commands register alone. */
  decorators: Set<string>
}

/** The names of variables that hold an instance, a request or a reply. */
const receivers = new Set(['app', 'context', 'request', 'reply'])

/**
 * Reads a file's wiring from its syntax: `app.x`, `this.x`, `request.server.x`, `const { x } = app`, and parameters
 * that are destructured, such as `({ x }, reply) => …`.
 */
export function wiringOf (path: string, text: string): Wiring {
  const wiring: Wiring = {
    offers: new Set(), slots: new Set(), uses: new Set(), dependencies: new Set(), decorators: new Set()
  }

  function visit (node: ts.Node) {
    if (ts.isCallExpression(node)) readCall(node, wiring)
    if (ts.isPropertyAccessExpression(node) && isReceiver(node.expression)) wiring.uses.add(node.name.text)
    if (ts.isElementAccessExpression(node) && isReceiver(node.expression)) addText(wiring.uses, node.argumentExpression)
    if (ts.isVariableDeclaration(node) && isReceiver(node.initializer)) addNames(wiring.uses, node.name)
    if (ts.isParameter(node) && !isOfOptions(node)) addNames(wiring.uses, node.name)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true))
  return wiring
}

function readCall ({ expression, arguments: [first, second] }: ts.CallExpression, wiring: Wiring) {
  if (ts.isPropertyAccessExpression(expression)) {
    if (expression.name.text === 'decorate') addText(wiring.offers, first)
    if (/^decorate(Request|Reply)$/.test(expression.name.text)) addText(wiring.slots, first)
  }
  if (ts.isIdentifier(expression) && expression.text === 'fp') {
    addTexts(wiring.dependencies, property(second, 'dependencies'))
    addTexts(wiring.decorators, property(property(second, 'decorators'), 'fastify'))
  }
}

function isReceiver (node: ts.Expression | undefined): boolean {
  if (node === undefined) return false
  if (ts.isPropertyAccessExpression(node)) return node.name.text === 'server'
  return node.kind === ts.SyntaxKind.ThisKeyword || (ts.isIdentifier(node) && receivers.has(node.text))
}

/** Whether this is the second parameter of a plugin: settings, whose names may be those of decorators. */
function isOfOptions (parameter: ts.ParameterDeclaration): boolean {
  const { parent } = parameter
  const isPlugin = ts.isCallExpression(parent.parent) && ts.isIdentifier(parent.parent.expression) &&
    parent.parent.expression.text === 'fp'
  return isPlugin && parent.parameters.indexOf(parameter) === 1
}

function property (node: ts.Node | undefined, name: string): ts.Expression | undefined {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return undefined
  const found = node.properties.find(entry => entry.name && ts.isIdentifier(entry.name) && entry.name.text === name)
  return found && ts.isPropertyAssignment(found) ? found.initializer : undefined
}

function addNames (names: Set<string>, pattern: ts.BindingName) {
  if (!ts.isObjectBindingPattern(pattern)) return
  for (const { name, propertyName } of pattern.elements) {
    const read = propertyName ?? name
    if (ts.isIdentifier(read)) names.add(read.text)
  }
}

function addTexts (names: Set<string>, list: ts.Expression | undefined) {
  if (list === undefined || !ts.isArrayLiteralExpression(list)) return
  for (const element of list.elements) addText(names, element)
}

function addText (names: Set<string>, node: ts.Expression | undefined) {
  if (node !== undefined && ts.isStringLiteralLike(node)) names.add(node.text)
}

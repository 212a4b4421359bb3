// node --import tsx bench/start.ts: what a node spends until it is ready, built as for production.
//   --processes=N   how many are started one after another (7)
//   --postgres=15|18
import { readArguments } from './arguments.ts'
import { percentile } from './load/statistics.ts'
import { deploy } from './processes/deployment.ts'
import { pinOurselves } from './processes/node.ts'

const { processes, postgres } = readArguments({ processes: { type: 'string', default: '7' } })
const starts: { milliseconds: number, megabytes: number }[] = []

pinOurselves('1')
const deployment = await deploy({ postgres })
try {
  for (let count = 1; count <= Number(processes); count++) {
    process.stderr.write(`process ${count} of ${processes}\n`)
    const node = await deployment.start('latchkey', '0')
    starts.push({ milliseconds: await node.cpu() / 1000, megabytes: await node.ask<number>('memory') / 2 ** 20 })
    await node.stop()
  }
} finally {
  await deployment.stop()
}
console.log(`ready after ${spreadOf(starts.map(({ milliseconds }) => milliseconds))} ms of a processor, ` +
  `${spreadOf(starts.map(({ megabytes }) => megabytes))} MB`)

function spreadOf (values: number[]) {
  const [least, middle, most] = [0, 0.5, 1].map(share => percentile(values, share).toFixed(0))
  return `${middle} (${least} to ${most})`
}

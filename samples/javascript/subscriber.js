// Keeps the newest state of every reservation in a file: node subscriber.js [bootstrap] [registry] [file]
//
// The group's offset moves after the file was written, so an outcome may come twice; its sequence, which is in the same
// file, says so. Outcomes that are missing stop it.
const fs = require('node:fs')
const { Kafka, logLevel } = require('kafkajs')
const { Registry, deserialize } = require('./contracts')

const TOPIC = 'allocation.outcomes'
const [bootstrap = 'localhost:9092', registryUrl = 'http://localhost:8081', path = 'javascript-sample.json'] =
  process.argv.slice(2)

const view = fs.existsSync(path) ? JSON.parse(fs.readFileSync(path)) : { sequences: {}, reservations: {} }

// In one piece: a crash leaves the old file or the new one.
function save () {
  fs.writeFileSync(`${path}.new`, JSON.stringify(view), { flush: true })
  fs.renameSync(`${path}.new`, path)
}

// Takes an outcome into the view; says whether it was new.
function apply (outcome) {
  const { poolId, sequence } = outcome
  const expected = (view.sequences[poolId] ?? 0) + 1
  if (sequence > expected) throw new Error(`${poolId}#${expected} is missing before #${sequence}`)
  if (sequence < expected) return false
  view.sequences[poolId] = sequence
  // Every reservation that it touched comes complete: nothing has to be added up.
  for (const { reservationId, held, confirmed } of outcome.after) {
    view.reservations[`${poolId}/${reservationId}`] = { held, confirmed }
  }
  return true
}

async function main () {
  const registry = new Registry(registryUrl)
  const kafka = new Kafka({ clientId: 'javascript-sample', brokers: [bootstrap], logLevel: logLevel.ERROR })
  const consumer = kafka.consumer({
    groupId: 'javascript-sample',
    readUncommitted: false, // what is not committed was not decided
    retry: { restartOnFailure: async error => error.retriable === true }
  })
  // What cannot be read or does not follow ends the program: nothing may be passed over.
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    console.error(payload.error.message)
    if (!payload.restart) process.exit(1)
  })
  await consumer.connect()
  await consumer.subscribe({ topic: TOPIC, fromBeginning: true })
  await consumer.run({
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
      const lines = []
      for (const { value } of batch.messages) {
        const outcome = await deserialize(registry, value)
        if (!apply(outcome)) continue
        const kind = Object.keys(outcome.event)[0].split('.').pop()
        lines.push(`${outcome.poolId}#${outcome.sequence} ${kind}, ${outcome.balancesAfter.free} free`)
      }
      save()
      lines.forEach(line => console.log(line))
      resolveOffset(batch.lastOffset())
      await heartbeat()
    }
  })
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})

// Orders two seats: node producer.js [bootstrap] [registry] [pool] [order]
const { Kafka, Partitioners, logLevel } = require('kafkajs')
const { Registry, serialize } = require('./contracts')

const TOPIC = 'allocation.commands'
const [bootstrap = 'localhost:9092', registryUrl = 'http://localhost:8081', pool = 'cinema', order = `order-${Date.now()}`] =
  process.argv.slice(2)

async function main () {
  const contract = await new Registry(registryUrl).latest(`${TOPIC}-value`)
  const kafka = new Kafka({ clientId: 'javascript-sample', brokers: [bootstrap], logLevel: logLevel.WARN })
  const producer = kafka.producer({
    idempotent: true,
    // Where Kafka's Java clients would put a key: a command elsewhere than its pool is refused.
    createPartitioner: Partitioners.DefaultPartitioner
  })
  await producer.connect()

  // kafkajs tries again by itself. When it gives up, that does not say that it failed: under the same id it may be
  // sent as often as one likes, and is decided once.
  async function send (commandId, kind, body) {
    const value = serialize(contract, {
      commandId,
      poolId: pool,
      actor: { type: 'Service', id: 'box-office', channel: 'web' },
      correlationId: commandId,
      issuedAt: Date.now(),
      body: { [`alloc.allocation.${kind}`]: body }
    })
    for (let attempt = 1; ; attempt++) {
      try {
        await producer.send({ topic: TOPIC, acks: -1, messages: [{ key: pool, value }] })
        console.log(commandId, 'is sent')
        return
      } catch (error) {
        if (attempt === 5) throw error
        console.error(commandId, error.message, 'once more')
      }
    }
  }

  // Ids come from the business action, so that whoever does it again gets the same answer.
  await send(`${pool}/configure`, 'PoolConfigure', {
    settings: { unit: 'seat', kind: 'Capacity', snapshotSource: 'box-office' }
  })
  await send(`${pool}/seats/100`, 'SupplySnapshot', { source: 'box-office', quantity: 100, through: null })
  await send(`${order}/hold`, 'Hold', { reservationId: order, quantity: 2 })
  await send(`${order}/confirm`, 'Confirm', { reservationId: order })
  await producer.disconnect()
}

main().catch(error => {
  console.error(error)
  process.exit(1)
})

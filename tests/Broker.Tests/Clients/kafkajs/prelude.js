// A client, and helpers that wait for a condition instead of a time; a script follows that defines run.
const { Kafka, CompressionTypes, logLevel, KafkaJSProtocolError } = require('kafkajs')
const assert = require('assert')
const broker = process.argv[2]
const kafka = new Kafka({ clientId: 'js', brokers: [broker], logLevel: logLevel.NOTHING })
const admin = kafka.admin()
const until = async (what, wanted) => {
    const end = Date.now() + 60000
    for (;;) {
        const value = await what()
        if (wanted(value)) return value
        if (Date.now() > end) throw new Error('waited in vain, last seen: ' + JSON.stringify(value))
        await new Promise(resolve => setTimeout(resolve, 20))
    }
}
const failing = async (type, action) => {
    await assert.rejects(action, error => {
        for (let cause = error; cause; cause = cause.cause || cause.originalError) {
            if (
                cause.type === type ||
                (cause.errors || []).some(e => e.type === type) ||
                (cause.groups || []).some(g => g.error.type === type)
            )
                return true
        }
        throw new Error(`${type} expected, not ${error.type || error.message}`)
    })
}
const texts = list => list.map(m => m.value.toString())
const consume = async (groupId, topic, options = {}) => {
    const consumer = kafka.consumer({ groupId, sessionTimeout: 10000, heartbeatInterval: 200, ...options })
    const seen = []
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({
        autoCommit: options.autoCommit !== false,
        eachMessage: async ({ message, partition }) => {
            seen.push({ ...message, partition })
        },
    })
    return { consumer, seen }
}
const main = async () => {
    await admin.connect()
    await run()
    await admin.disconnect()
    console.log('done')
    process.exit(0)
}
main().catch(error => {
    console.error(error)
    process.exit(1)
})

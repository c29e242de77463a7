// A handler that fails commits what came before it.
const run = async () => {
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
        topic: 't',
        acks: 1,
        messages: ['0', '1', '2'].map(value => ({ key: value, value })),
    })
    await producer.disconnect()
    const consumer = kafka.consumer({
        groupId: 'g',
        retry: { retries: 0, restartOnFailure: async () => false },
    })
    await consumer.connect()
    await consumer.subscribe({ topic: 't', fromBeginning: true })
    const crashed = new Promise(resolve => consumer.on(consumer.events.CRASH, resolve))
    await consumer.run({
        eachMessage: async ({ message }) => {
            if (message.value.toString() === '2') throw new Error('not this one')
        },
    })
    await crashed
    await consumer.disconnect()
    const [{ partitions }] = await admin.fetchOffsets({ groupId: 'g', topics: ['t'] })
    assert.deepStrictEqual(partitions, [{ partition: 0, offset: '2', metadata: null }])
}

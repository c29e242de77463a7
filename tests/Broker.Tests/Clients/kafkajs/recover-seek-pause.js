// An offset out of range is recovered from, seek and pause are followed.
const run = async () => {
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({ topic: 't', messages: ['0', '1', '2'].map(value => ({ value })) })
    await admin.setOffsets({ groupId: 'g', topic: 't', partitions: [{ partition: 0, offset: '11' }] })
    const { consumer, seen } = await consume('g', 't')
    await until(
        () => seen.length,
        count => count === 3,
    )
    consumer.pause([{ topic: 't' }])
    await producer.send({ topic: 't', messages: [{ value: '3' }] })
    assert.deepStrictEqual(consumer.paused(), [{ topic: 't', partitions: [0] }])
    consumer.seek({ topic: 't', partition: 0, offset: '2' })
    consumer.resume([{ topic: 't' }])
    await until(
        () => texts(seen).slice(3),
        list => list.length === 2,
    )
    assert.deepStrictEqual(texts(seen).slice(3), ['2', '3'])
    await consumer.disconnect()
    await producer.disconnect()
}

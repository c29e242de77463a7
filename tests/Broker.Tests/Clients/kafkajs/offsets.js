// Offsets are set, reset and read.
const run = async () => {
    const now = Date.now()
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
        topic: 't',
        messages: [0, 1, 0].map(partition => ({ partition, value: 'v', timestamp: `${now}` })),
    })
    await producer.disconnect()
    await admin.setOffsets({ groupId: 'g', topic: 't', partitions: [{ partition: 0, offset: '1' }] })
    const [{ partitions }] = await admin.fetchOffsets({ groupId: 'g', topics: ['t'] })
    assert.deepStrictEqual(partitions.map(p => [p.partition, p.offset, p.metadata]).sort(), [
        [0, '1', null],
        [1, '-1', null],
    ])
    await admin.resetOffsets({ groupId: 'g', topic: 't', earliest: true })
    const [reset] = await admin.fetchOffsets({ groupId: 'g', topics: ['t'], resolveOffsets: true })
    assert.deepStrictEqual(
        reset.partitions.map(p => p.offset),
        ['0', '0'],
    )
    const ends = await admin.fetchTopicOffsets('t')
    assert.deepStrictEqual(ends.map(e => [e.partition, e.offset, e.high, e.low]).sort(), [
        [0, '2', '2', '0'],
        [1, '1', '1', '0'],
    ])
    const after = await admin.fetchTopicOffsetsByTimestamp('t', now + 1)
    assert.deepStrictEqual(after.map(e => e.offset).sort(), ['1', '2'])
    await admin.deleteTopicRecords({ topic: 't', partitions: [{ partition: 0, offset: '1' }] })
    assert.strictEqual((await admin.fetchTopicOffsets('t')).find(e => e.partition === 0).low, '1')
}

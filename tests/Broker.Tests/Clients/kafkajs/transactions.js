// Transactions commit, abort and carry offsets.
const run = async () => {
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] })
    const producer = kafka.producer({ transactionalId: 'js', maxInFlightRequests: 1, idempotent: true })
    await producer.connect()
    for (const [value, commits] of [
        ['a', true],
        ['b', false],
        ['c', true],
    ]) {
        const transaction = await producer.transaction()
        await transaction.send({ topic: 't', messages: [{ key: 'k', value }] })
        await transaction.sendOffsets({
            consumerGroupId: 'g',
            topics: [{ topic: 't', partitions: [{ partition: 0, offset: value === 'a' ? '1' : '9' }] }],
        })
        assert.ok(transaction.isActive())
        await (commits && value === 'a'
            ? transaction.commit()
            : commits
              ? transaction.commit()
              : transaction.abort())
        if (value === 'b') {
            const [{ partitions }] = await admin.fetchOffsets({ groupId: 'g', topics: ['t'] })
            assert.strictEqual(partitions[0].offset, '1')
        }
    }
    await producer.disconnect()
    const { consumer, seen } = await consume('reader', 't')
    await until(
        () => texts(seen),
        list => list.includes('c'),
    )
    await consumer.disconnect()
    assert.deepStrictEqual(texts(seen), ['a', 'c'])
    const uncommitted = await consume('dirty', 't', { readUncommitted: true })
    await until(
        () => texts(uncommitted.seen),
        list => list.includes('c'),
    )
    await uncommitted.consumer.disconnect()
    assert.deepStrictEqual(texts(uncommitted.seen), ['a', 'b', 'c'])
}

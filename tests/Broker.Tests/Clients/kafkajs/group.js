// A group is shared, described, grows with its topic and is deleted when it is empty.
const run = async () => {
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 2 }] })
    const one = await consume('g', 't', { metadataMaxAge: 300 })
    const two = await consume('g', 't', { metadataMaxAge: 300 })
    const group = await until(
        async () => (await admin.describeGroups(['g'])).groups[0],
        g => g.state === 'Stable' && g.members.length === 2,
    )
    assert.deepStrictEqual(
        [group.groupId, group.protocolType, group.protocol, group.errorCode],
        ['g', 'consumer', 'RoundRobinAssigner', 0],
    )
    assert.deepStrictEqual(
        group.members.map(m => [m.clientId, m.clientHost]),
        [
            ['js', '/127.0.0.1'],
            ['js', '/127.0.0.1'],
        ],
    )
    await failing('NON_EMPTY_GROUP', () => admin.deleteGroups(['g']))
    await admin.createPartitions({ topicPartitions: [{ topic: 't', count: 4 }] })
    const producer = kafka.producer()
    await producer.connect()
    await producer.send({
        topic: 't',
        messages: [0, 1, 2, 3].map(partition => ({ partition, value: `${partition}` })),
    })
    await until(
        () =>
            texts([...one.seen, ...two.seen])
                .sort()
                .join(),
        list => list === '0,1,2,3',
    )
    await two.consumer.disconnect()
    await until(
        async () => (await admin.describeGroups(['g'])).groups[0],
        g => g.state === 'Stable' && g.members.length === 1,
    )
    await producer.send({
        topic: 't',
        messages: [0, 1, 2, 3].map(partition => ({ partition, value: `${partition}` })),
    })
    await until(
        () => one.seen.length + two.seen.length,
        count => count >= 8,
    )
    await one.consumer.disconnect()
    await producer.disconnect()
    await until(
        async () => (await admin.describeGroups(['g'])).groups[0].state,
        state => state === 'Empty',
    )
    assert.deepStrictEqual((await admin.listGroups()).groups, [{ groupId: 'g', protocolType: 'consumer' }])
    await admin.deleteGroups(['g'])
    await failing('GROUP_ID_NOT_FOUND', () => admin.deleteGroups(['g']))
    assert.strictEqual((await admin.describeGroups(['g'])).groups[0].state, 'Dead')
}

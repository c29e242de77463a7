// Topics and settings are administered, and what is wrong has its error.
const run = async () => {
    assert.strictEqual(
        await admin.createTopics({
            topics: [
                {
                    topic: 'ok.topic',
                    numPartitions: 1,
                    configEntries: [{ name: 'cleanup.policy', value: 'compact' }],
                },
            ],
        }),
        true,
    )
    assert.strictEqual(await admin.createTopics({ topics: [{ topic: 'ok.topic' }] }), false)
    await failing('INVALID_TOPIC_EXCEPTION', () => admin.createTopics({ topics: [{ topic: 'ok_topic' }] }))
    await failing('INVALID_TOPIC_EXCEPTION', () => admin.createTopics({ topics: [{ topic: 'no/topic' }] }))
    await failing('INVALID_REPLICATION_FACTOR', () =>
        admin.createTopics({ topics: [{ topic: 'three', replicationFactor: 3 }] }),
    )
    await failing('INVALID_PARTITIONS', () =>
        admin.createPartitions({ topicPartitions: [{ topic: 'ok.topic', count: 1 }] }),
    )
    await failing('UNKNOWN_TOPIC_OR_PARTITION', () => admin.deleteTopics({ topics: ['nope'] }))
    const {
        topics: [topic],
    } = await admin.fetchTopicMetadata({ topics: ['ok.topic'] })
    assert.deepStrictEqual(
        topic.partitions.map(p => [p.partitionId, p.leader, p.replicas, p.isr]),
        [[0, 1, [1], [1]]],
    )
    const value = async name =>
        (
            await admin.describeConfigs({
                includeSynonyms: false,
                resources: [{ type: 2, name: 'ok.topic', configNames: [name] }],
            })
        ).resources[0].configEntries[0].configValue
    assert.strictEqual(await value('cleanup.policy'), 'compact')
    await admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: 'ok.topic', configEntries: [{ name: 'retention.ms', value: '1234' }] }],
    })
    assert.deepStrictEqual([await value('retention.ms'), await value('cleanup.policy')], ['1234', 'delete'])
    const cluster = await admin.describeCluster()
    assert.deepStrictEqual([cluster.controller, cluster.brokers.map(b => b.nodeId)], [1, [1]])
    await failing('SECURITY_DISABLED', () =>
        admin.describeAcls({ resourceType: 1, resourcePatternType: 1, operation: 1, permissionType: 1 }),
    )
    await admin.deleteTopics({ topics: ['ok.topic'] })
    assert.deepStrictEqual(await admin.listTopics(), [])
    const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 1 } })
    await producer.connect()
    await failing('UNKNOWN_TOPIC_OR_PARTITION', () =>
        producer.send({ topic: 'nope', messages: [{ value: 'v' }] }),
    )
    await producer.disconnect()
}

// Batches in gzip and headers come back as they were.
const run = async () => {
    await admin.createTopics({ topics: [{ topic: 't', numPartitions: 1 }] })
    const producer = kafka.producer({ idempotent: true })
    await producer.connect()
    const messages = Array.from({ length: 200 }, (_, n) => ({
        key: `k${n}`,
        value: `v${n}`,
        headers: { n: `${n}`, many: ['a', 'b'] },
    }))
    const [sent] = await producer.send({ topic: 't', acks: -1, compression: CompressionTypes.GZIP, messages })
    assert.strictEqual(sent.baseOffset, '0')
    await producer.send({ topic: 't', acks: -1, messages: [{ key: 'gone', value: null }] })
    await producer.disconnect()
    const { consumer, seen } = await consume('g', 't')
    await until(
        () => seen.length,
        count => count === 201,
    )
    await consumer.disconnect()
    assert.deepStrictEqual(
        seen.slice(0, 200).map(m => [m.key.toString(), m.value.toString(), m.headers.n.toString()]),
        messages.map(m => [m.key, m.value, m.headers.n]),
    )
    assert.deepStrictEqual(seen[0].headers.many.map(String), ['a', 'b'])
    assert.strictEqual(seen[200].value, null)
}

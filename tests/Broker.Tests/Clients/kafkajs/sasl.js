// A connection with user and password, and what becomes of it.
admin.connect = admin.disconnect = async () => {}
const run = async () => {
    const [mechanism, password] = process.argv.slice(3)
    const client = new Kafka({
        brokers: [broker],
        logLevel: logLevel.NOTHING,
        retry: { retries: 0 },
        sasl: { mechanism, username: 'user', password },
    })
    const other = client.admin()
    try {
        await other.connect()
        console.log((await other.listTopics()).length)
        await other.disconnect()
    } catch (error) {
        console.log(error.message)
    }
}

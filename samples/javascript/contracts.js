// Alloc's contracts with avsc: framed as Confluent's serdes frame them, by the registry's schemas.
const avro = require('avsc')

const MAGIC = 0
const HEADER_SIZE = 5

class Registry {
  constructor (url) {
    this.url = url
    this.known = new Map()
  }

  // The newest type of a subject, with its id.
  async latest (subject) {
    const { id, schema } = await this.get(`/subjects/${encodeURIComponent(subject)}/versions/latest`)
    return { id, type: avro.Type.forSchema(JSON.parse(schema)) }
  }

  async byId (id) {
    if (!this.known.has(id)) {
      const { schema } = await this.get(`/schemas/ids/${id}`)
      this.known.set(id, avro.Type.forSchema(JSON.parse(schema)))
    }
    return this.known.get(id)
  }

  async get (path) {
    const answer = await fetch(new URL(path, this.url), { signal: AbortSignal.timeout(10_000) })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer.json()
  }
}

// Fields that are not given take the default of the schema.
function serialize ({ id, type }, value) {
  const header = Buffer.alloc(HEADER_SIZE)
  header.writeUInt8(MAGIC, 0)
  header.writeUInt32BE(id, 1)
  return Buffer.concat([header, type.toBuffer(value)])
}

async function deserialize (registry, message) {
  if (message[0] !== MAGIC) throw new Error('The value is not framed as Confluent\'s serdes frame it.')
  const type = await registry.byId(message.readUInt32BE(1))
  return type.fromBuffer(message.subarray(HEADER_SIZE))
}

module.exports = { Registry, serialize, deserialize }

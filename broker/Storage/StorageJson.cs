using System.Text.Json.Serialization;

namespace Alloc.Broker.Storage;

/// <summary>Serializers of the small files beside the segments.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StoredTopic))]
[JsonSerializable(typeof(StoredBroker))]
internal sealed partial class StorageJson : JsonSerializerContext;

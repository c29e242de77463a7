using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>The header of a request and what follows it.</summary>
internal readonly record struct RequestHeader(
    ApiEntry Entry, short Version, int CorrelationId, string? ClientId, ReadOnlyMemory<byte> Body)
{
    /// <summary>Bytes of key, version and correlation id.</summary>
    public const int MinimumSize = 8;

    /// <summary>Reads a frame's header.</summary>
    /// <exception cref="ProtocolException">It is no request that this broker serves. ApiVersions is let through in any
    /// version, since its answer tells which to use.</exception>
    public static RequestHeader Read(ReadOnlyMemory<byte> frame)
    {
        var reader = new KafkaReader(frame, 0, isFlexible: false);
        var key = reader.ReadInt16();
        var version = reader.ReadInt16();
        var correlationId = reader.ReadInt32();
        var entry = ApiTable.Find(key) ?? throw new ProtocolException($"API {key} is not served");
        if (!entry.Serves(version))
        {
            return entry.Key == ApiKey.ApiVersions
                ? new RequestHeader(entry, version, correlationId, null, default)
                : throw new ProtocolException($"{entry.Key} is not served in version {version}");
        }
        var clientId = reader.ReadHeaderString();
        var body = frame[reader.Position..];
        if (entry.IsFlexible(version))
        {
            var tags = new KafkaReader(body, version, isFlexible: true);
            tags.SkipTags();
            body = body[tags.Position..];
        }
        return new RequestHeader(entry, version, correlationId, clientId, body);
    }
}

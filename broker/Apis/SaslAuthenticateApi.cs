using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>SaslAuthenticate (36), 0–2 (KIP-152, KIP-368): the PLAIN token. Sessions do not expire: life time
/// 0.</summary>
internal sealed class SaslAuthenticateApi : Api<SaslAuthenticateApi.Request>
{
    protected override Request Read(ref KafkaReader reader) => new(reader.ReadBytes());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        var authentication = exchange.Authentication;
        var error = authentication is not { HasBegun: true } ? ErrorCode.IllegalSaslState
            : authentication.Authenticate(request.Token.Span) ? ErrorCode.None
            : ErrorCode.SaslAuthenticationFailed;
        exchange.Answer(new Response(error));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) => new Response(error);

    internal sealed record Request(ReadOnlyMemory<byte> Token);

    private sealed record Response(ErrorCode Error) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteError(Error);
            writer.WriteNullableString(Error == ErrorCode.SaslAuthenticationFailed
                ? "Authentication failed: Invalid username or password"
                : null);
            writer.WriteBytes([]);
            if (writer.Version >= 1)
            {
                writer.WriteInt64(0);
            }
            writer.WriteTags();
        }
    }
}

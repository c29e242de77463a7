using Alloc.Broker.Protocol;
using Alloc.Broker.Runtime;

namespace Alloc.Broker.Apis;

/// <summary>
/// SaslHandshake (17), 0–1: names the mechanism, of which there is one, PLAIN. After version 0 the client's token comes
/// as a bare frame without a request header, after version 1 inside <see cref="SaslAuthenticateApi"/> (KIP-152).
/// </summary>
internal sealed class SaslHandshakeApi : Api<SaslHandshakeApi.Request>
{
    protected override Request Read(ref KafkaReader reader) => new(reader.ReadString());

    protected override void Handle(Request request, Exchange exchange, BrokerCore broker)
    {
        if (exchange.Authentication is not { IsRequired: true } authentication)
        {
            exchange.Answer(new Response(ErrorCode.IllegalSaslState));
            return;
        }
        var isKnown = request.Mechanism == Authentication.Mechanism;
        if (isKnown)
        {
            authentication.Begin(expectsBareToken: exchange.Version == 0);
        }
        exchange.Answer(new Response(isKnown ? ErrorCode.None : ErrorCode.UnsupportedSaslMechanism));
    }

    protected override IResponse? Refuse(Request request, ErrorCode error) => new Response(error);

    internal sealed record Request(string Mechanism);

    private sealed record Response(ErrorCode Error) : IResponse
    {
        public void Write(KafkaWriter writer)
        {
            writer.WriteError(Error);
            writer.WriteStringArray([Authentication.Mechanism]);
        }
    }
}

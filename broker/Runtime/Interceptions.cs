using Alloc.Broker.Apis;

namespace Alloc.Broker.Runtime;

/// <summary>Does to a request what a test's interceptor asked for.</summary>
internal static class Interceptions
{
    public static void Apply(
        Interception interception, ApiEntry entry, object request, Exchange exchange, BrokerCore broker)
    {
        switch (interception)
        {
            case Interception.Delay delay:
                broker.Loop.Schedule(delay.Duration, () => broker.HandleNow(entry, request, exchange));
                break;
            case Interception.Fail fail when entry.Api.Refuse(request, fail.Error) is { } response:
                exchange.Answer(response);
                break;
            case Interception.Close or Interception.Fail:
                exchange.Close();
                break;
            case Interception.DropAnswer or Interception.CloseAfter:
                broker.HandleNow(entry, request, new Unheard(exchange, interception is Interception.CloseAfter)
                {
                    ApiKey = exchange.ApiKey,
                    Version = exchange.Version,
                    CorrelationId = exchange.CorrelationId,
                    ClientId = exchange.ClientId,
                    ClientHost = exchange.ClientHost,
                    BrokerHost = exchange.BrokerHost,
                    BrokerPort = exchange.BrokerPort,
                    Authentication = exchange.Authentication,
                });
                break;
        }
    }

    private sealed class Unheard(Exchange original, bool closes) : Exchange
    {
        protected override void OnCompleted()
        {
            if (closes)
            {
                original.Close();
            }
        }
    }
}

using System.Net;

namespace Alloc.Broker.Runtime;

/// <summary>Both ends of a connection.</summary>
/// <param name="Client">The client's address as Kafka writes it, such as <c>/127.0.0.1</c>.</param>
/// <param name="LocalHost">Address under which the client reached this broker.</param>
/// <param name="LocalPort">Port under which the client reached this broker.</param>
internal sealed record ClientAddress(string Client, string LocalHost, int LocalPort)
{
    public static ClientAddress Of(IPEndPoint client, IPEndPoint local) =>
        new("/" + Plain(client.Address), Plain(local.Address).ToString(), local.Port);

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}

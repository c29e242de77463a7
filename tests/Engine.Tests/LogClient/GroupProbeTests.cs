using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Alloc.Engine.LogClient;

namespace Engine.Tests.LogClient;

/// <summary>What is asked for groups over the protocol itself, and what comes of answers that are none.</summary>
public sealed class GroupProbeTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("7FFFFFFF", "an answer of 2147483647 bytes")]
    [InlineData("FFFFFFFF", "an answer of -1 bytes")]
    [InlineData("00000002 0000", "an answer of 2 bytes")]
    // Another question's number.
    [InlineData("00000004 00000063", "another question")]
    // An array of a billion groups; one whose name is longer than what is there; one that is cut off.
    [InlineData("0000000A 00000001 0000 3B9ACA00", "fewer bytes than it says")]
    [InlineData("0000000C 00000001 0000 00000001 7FFF", "fewer bytes than it says", "ends too early")]
    [InlineData("0000000E 00000001 0000 00000001 0002 67", "", "")]
    [InlineData("00000006 00000001 001E", "error code 30")]
    public async Task An_answer_that_is_none_is_a_failure_that_names_the_broker_and_nothing_else(
        string answer, params string[] says)
    {
        using var broker = new Liar(answer);

        var failure = await Task.Run(
            () => Assert.Throws<LogException>(() => new GroupProbe(Timeout).Read(broker.Address, _ => true, 10)),
            TestContext.Current.CancellationToken);

        Assert.Equal(LogFailure.RetryCall, failure.Failure);
        Assert.Contains($"127.0.0.1:{broker.Address.Port}", failure.Message, StringComparison.Ordinal);
        Assert.True(says.Any(s => failure.Message.Contains(s, StringComparison.Ordinal)), failure.Message);
    }

    [Fact]
    public void Nobody_listening_is_a_failure_too()
    {
        using var broker = new Liar("");
        var address = broker.Address;
        broker.Dispose();

        Assert.Throws<LogException>(() => new GroupProbe(Timeout).Read(address, _ => true, 10));
    }

    [Fact]
    public void A_members_subscription_is_read_and_damage_ends_it()
    {
        byte[] subscription =
        [
            0, 1, 0, 0, 0, 2, 0, 2, (byte)'t', (byte)'x', 0, 1, (byte)'u', 255, 255, 255, 255, 0, 0, 0, 0
        ];

        Assert.Equal(["tx", "u"], Topics(subscription));
        Assert.Equal(["tx"], Topics(subscription[..11]));
        Assert.Empty(Topics([0]));
        Assert.Empty(Topics([0, 1, 127, 255, 255, 255]));

        static IReadOnlyList<string> Topics(byte[] bytes) =>
            ConsumerGroupMember.Read("m", "c", "h", bytes, []).Topics;
    }

    /// <summary>Answers whatever it is asked with the same bytes, and closes.</summary>
    private sealed class Liar : IDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);

        public Liar(string hex)
        {
            listener.Start();
            Address = ("127.0.0.1", ((IPEndPoint)listener.LocalEndpoint).Port);
            _ = AnswerAsync(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        }

        public (string Host, int Port) Address { get; }

        public void Dispose() => listener.Dispose();

        private async Task AnswerAsync(byte[] answer)
        {
            try
            {
                using var client = await listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                var size = new byte[sizeof(int)];
                await stream.ReadExactlyAsync(size);
                await stream.ReadExactlyAsync(new byte[BinaryPrimitives.ReadInt32BigEndian(size)]);
                await stream.WriteAsync(answer);
            }
            catch (Exception closed) when (closed is IOException or SocketException or ObjectDisposedException)
            {
                // The test is over.
            }
        }
    }
}

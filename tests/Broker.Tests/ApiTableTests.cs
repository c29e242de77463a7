using Alloc.Broker.Apis;
using Alloc.Broker.Protocol;

namespace Broker.Tests;

/// <summary>The list of APIs, and that its readers trust nothing.</summary>
public sealed class ApiTableTests
{
    [Fact]
    public void Versions_are_those_that_the_clients_were_tried_with()
    {
        var windows = ApiTable.All.Select(e => $"{(short)e.Key}:{e.MinVersion}-{e.MaxVersion}");

        Assert.Equal(
            "0:0-8 1:4-11 2:1-7 3:0-9 8:2-8 9:1-7 10:0-3 11:0-7 12:0-4 13:0-4 14:0-5 15:0-5 16:0-5 17:0-1 18:0-4 "
            + "19:0-5 20:0-5 "
            + "21:0-2 22:0-4 23:2-3 24:0-2 25:0-2 26:0-2 27:1-1 28:0-3 29:1-3 30:1-3 31:1-3 "
            + "32:0-4 33:0-2 36:0-2 37:0-3 42:0-2 44:0-1 "
            + "47:0-0 60:0-0 "
            + "61:0-0 65:0-0 66:0-2",
            string.Join(' ', windows));
    }

    /// <summary>
    /// Highest versions that each release of Apache Kafka had of the APIs that clients use, for clients that are told
    /// the release and do not ask.
    /// </summary>
    [Theory]
    [InlineData("1.0", "0:5 1:6 2:2 3:5 8:3 9:3 10:1 11:2 12:1 13:1 14:1 15:1 16:1 17:1 18:1 19:2 20:1 21:0 22:0 24:0 "
        + "25:0 26:0 28:0 32:0 33:0 36:0 37:0")]
    [InlineData("1.1", "0:5 1:7 2:2 3:5 8:3 9:3 10:1 11:2 12:1 13:1 14:1 15:1 16:1 17:1 18:1 19:2 20:1 21:0 22:0 24:0 "
        + "25:0 26:0 28:0 32:1 33:0 36:0 37:0 42:0")]
    [InlineData("2.0", "0:6 1:8 2:3 3:6 8:4 9:4 10:2 11:3 12:2 13:2 14:2 15:2 16:2 17:1 18:2 19:3 20:2 21:1 22:1 24:1 "
        + "25:1 26:1 28:1 29:1 30:1 31:1 32:2 33:1 36:0 37:1 42:1")]
    [InlineData("2.1", "0:7 1:10 2:4 3:7 8:6 9:5 10:2 11:3 12:2 13:2 14:2 15:2 16:2 17:1 18:2 19:3 20:3 21:1 22:1 "
        + "23:2 24:1 25:1 26:1 28:2 29:1 30:1 31:1 32:2 33:1 36:0 37:1 42:1")]
    [InlineData("2.2", "0:7 1:10 2:5 3:7 8:6 9:5 10:2 11:4 12:2 13:2 14:2 15:2 16:2 17:1 18:2 19:3 20:3 21:1 22:1 "
        + "23:2 24:1 25:1 26:1 28:2 29:1 30:1 31:1 32:2 33:1 36:1 37:1 42:1")]
    [InlineData("2.3", "0:7 1:11 2:5 3:8 8:7 9:5 10:2 11:5 12:3 13:2 14:3 15:3 16:2 17:1 18:2 19:3 20:3 21:1 22:1 "
        + "23:3 24:1 25:1 26:1 28:2 29:1 30:1 31:1 32:2 33:1 36:1 37:1 42:1 44:0")]
    [InlineData("2.4", "0:8 1:11 2:5 3:9 8:8 9:6 10:3 11:6 12:4 13:4 14:4 15:5 16:3 17:1 18:3 19:5 20:4 21:1 22:2 "
        + "23:3 24:1 25:1 26:1 28:2 29:1 30:1 31:1 32:2 33:1 36:1 37:1 42:2 44:1 47:0")]
    [InlineData("2.5", "0:8 1:11 2:5 3:9 8:8 9:7 10:3 11:7 12:4 13:4 14:5 15:5 16:3 17:1 18:3 19:5 20:4 21:1 22:3 "
        + "23:3 24:1 25:1 26:1 28:3 29:2 30:2 31:2 32:2 33:1 36:2 37:2 42:2 44:1 47:0")]
    [InlineData("2.6", "0:8 1:11 2:5 3:9 8:8 9:7 10:3 11:7 12:4 13:4 14:5 15:5 16:4 17:1 18:3 19:5 20:4 21:2 22:3 "
        + "23:3 24:1 25:1 26:1 28:3 29:2 30:2 31:2 32:3 33:1 36:2 37:2 42:2 44:1 47:0")]
    public void Client_that_takes_the_broker_for_a_release_finds_the_versions_of_that_release(
        string release, string maxima)
    {
        var missing = maxima.Split(' ').Select(m => m.Split(':').Select(short.Parse).ToArray())
            .Where(m => ApiTable.Find(m[0])?.Serves(m[1]) != true)
            .Select(m => $"{(ApiKey)m[0]} v{m[1]}");

        Assert.True(!missing.Any(), $"Kafka {release} has, and this broker not: {string.Join(", ", missing)}");
    }

    [Fact]
    public void Random_bytes_break_no_reader_otherwise_than_by_a_protocol_error()
    {
        var random = new Random(20261121);
        foreach (var entry in ApiTable.All)
        {
            for (var version = entry.MinVersion; version <= entry.MaxVersion; version++)
            {
                for (var round = 0; round < 300; round++)
                {
                    Read(entry, version, RandomBody(random));
                }
            }
        }
    }

    private static byte[] RandomBody(Random random)
    {
        var body = new byte[random.Next(0, 300)];
        random.NextBytes(body);
        // Mostly small numbers: readers get further that way.
        for (var index = 0; index < body.Length; index++)
        {
            if (random.Next(4) > 0)
            {
                body[index] = (byte)random.Next(0, 3);
            }
        }
        return body;
    }

    private static void Read(ApiEntry entry, short version, byte[] body)
    {
        var reader = new KafkaReader(body, version, entry.IsFlexible(version));
        try
        {
            entry.Api.ReadRequest(ref reader);
        }
        catch (ProtocolException)
        {
            return;
        }
        Assert.InRange(reader.Remaining, 0, body.Length);
    }
}

using Alloc.Tests.Support;
namespace Broker.Tests.Clients;

/// <summary>
/// kafkajs: what its users rely on, written from its documentation and from what its own suites hold against Apache
/// Kafka. The scripts lie in <c>kafkajs/</c> beside this file; docs/broker.md lists where the broker differs.
/// </summary>
public sealed class KafkaJsTests
{
    [Theory]
    [InlineData("handler-fails")]
    [InlineData("offsets")]
    [InlineData("transactions")]
    [InlineData("batches")]
    [InlineData("recover-seek-pause")]
    [InlineData("group")]
    [InlineData("administration")]
    public async Task What_its_users_rely_on_holds(string script)
    {
        await using var broker = await TestBroker.StartAsync();

        Assert.Equal("done", (await RunAsync(script, broker.Servers)).Trim());
    }

    [Theory]
    [InlineData("plain", "secret", "0")]
    [InlineData("plain", "wrong", "SASL PLAIN authentication failed")]
    [InlineData("scram-sha-256", "secret", "The broker does not support the requested SASL mechanism")]
    [InlineData("scram-sha-512", "secret", "The broker does not support the requested SASL mechanism")]
    public async Task It_authenticates_with_a_user_and_password_in_plain_only(
        string mechanism, string password, string result)
    {
        await using var broker = await TestBroker.StartAsync(
            o => o with { Credentials = new Dictionary<string, string> { ["user"] = "secret" } });

        var output = await RunAsync("sasl", broker.Servers, mechanism, password);

        Assert.StartsWith(result, output, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync(string script, params string[] arguments)
    {
        OtherClient.Require("node");
        Assert.SkipUnless(Installed.HasNodeModule("kafkajs"), "kafkajs is not installed: make deps");
        var scripts = Path.Combine(AppContext.BaseDirectory, "Clients", "kafkajs");
        var text = $"module.paths.push({System.Text.Json.JsonSerializer.Serialize(Installed.NodeModules)})\n"
            + await File.ReadAllTextAsync(Path.Combine(scripts, "prelude.js"))
            + await File.ReadAllTextAsync(Path.Combine(scripts, script + ".js"));
        return await OtherClient.RunAsync("node", ["-", .. arguments], text);
    }
}

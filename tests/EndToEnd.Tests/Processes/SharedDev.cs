namespace EndToEnd.Tests.Processes;

/// <summary>One <c>alloc dev</c> for the tests that do not kill it: each uses pools of its own.</summary>
public sealed class SharedDev : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();
    private Server? server;

    internal Deployment Deployment { get; private set; } = new("", "");

    public async ValueTask InitializeAsync()
    {
        (server, Deployment) = Servers.Dev(directory["data"]);
        await server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await server.DisposeAsync();
        }
        directory.Dispose();
    }
}

using Alloc.Broker;
using Alloc.Broker.Registry;
using Alloc.Cli.CommandLine;
using Alloc.Cli.Commands.Servers;
using Alloc.Cli.Output;
using Alloc.Client;
using Microsoft.Extensions.Logging;

namespace Alloc.Cli.Commands.Proof;

/// <summary>
/// Only the embedded broker and registry in a process: to be measured, or killed, without the engine.
/// </summary>
internal static class BrokerHost
{
    public static async Task<int> RunAsync(
        CommandContext context, string directory, int kafkaPort, int registryPort, CancellationToken cancellation)
    {
        using var loggers = LoggerFactory.Create(builder =>
            builder.SetMinimumLevel(LogLevel.Warning)
                .AddProvider(new ConsoleLog(context.Host, LogLevel.Warning, null)));
        try
        {
            using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            Exception? fault = null;
            await using var broker = await EmbeddedBroker.StartAsync(
                new BrokerOptions
                {
                    DataDirectory = Path.Combine(directory, "kafka"),
                    Port = kafkaPort,
                    OnFault = e =>
                    {
                        fault = e;
                        stopped.Cancel();
                    },
                },
                context.Time, loggers, cancellation).ConfigureAwait(false);
            await using var registry = await SchemaRegistryServer.StartAsync(
                new RegistryOptions { DataDirectory = Path.Combine(directory, "registry"), Port = registryPort },
                new AvroSchemaValidator(), loggers, cancellation).ConfigureAwait(false);
            context.Screen.Verbatim($"Kafka       127.0.0.1:{broker.Port}");
            context.Screen.Verbatim($"Registry    http://127.0.0.1:{registry.Port}");
            await context.Host.Out.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.Time, stopped.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (fault is null)
            {
                return ExitCode.Ok;
            }
            catch (OperationCanceledException)
            {
                throw AllocException.Failed($"The broker stopped: {fault!.Message}", null, fault);
            }
            return ExitCode.Ok;
        }
        catch (BrokerStartException e)
        {
            throw AllocException.Failed(e.Message, null, e);
        }
    }
}

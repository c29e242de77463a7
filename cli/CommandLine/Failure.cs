using System.Net.Sockets;
using Alloc.Broker;
using Alloc.Client;
using Alloc.Engine.LogClient;
using Alloc.Engine.Processing;
using Alloc.Schemas.Registry;
using Alloc.Web;
using Confluent.Kafka;

namespace Alloc.Cli.CommandLine;

/// <summary>The one place that turns an exception into what the user reads and the exit code.</summary>
internal static class Failure
{
    private const int BrokenPipe = 32;
    private const int NoSpaceLeft = 28;

    public static int Show(Exception e, CliHost host, bool debug)
    {
        var failure = Explain(e);
        if (failure.Message.Length > 0)
        {
            host.Error.WriteLine($"alloc: {failure.Message}");
            if (failure.Remedy is not null)
            {
                host.Error.WriteLine($"       {failure.Remedy}");
            }
        }
        if (debug)
        {
            host.Error.WriteLine(e.ToString());
        }
        else if (failure.IsUnexpected)
        {
            host.Error.WriteLine("       --debug shows where it came from.");
        }
        return failure.ExitCode;
    }

    private static Explanation Explain(Exception e) => e switch
    {
        AllocException known => new(CodeOf(known.Kind), known.Message, known.Remedy),
        AggregateException { InnerExceptions.Count: 1 } one => Explain(one.InnerException!),
        IOException io when NativeError(io) == BrokenPipe => new(ExitCode.Ok, ""),
        IOException io when NativeError(io) == NoSpaceLeft =>
            new(ExitCode.Failure, $"The disk is full: {io.Message}",
                "Nothing that was answered is lost; free some space and start again."),
        KafkaException kafka => Explain(kafka.Error),
        RegistryUnavailableException registry => new(ExitCode.Unavailable, registry.Message,
            $"{registry.Remedy} Is 'alloc dev' running? --registry or ALLOC_REGISTRY names another address."
                .TrimStart()),
        RegistryRefusedException registry => new(ExitCode.Failure, $"The schema registry refuses: {registry.Message}"),
        LogException log => new(ExitCode.Unavailable, log.Message),
        StreamsException streams => new(ExitCode.Failure, streams.Message),
        BrokerStartException broker => new(ExitCode.Failure, broker.Message),
        ConsoleStartException console => new(ExitCode.Failure, console.Message, console.Remedy),
        HttpRequestException { InnerException: SocketException } http =>
            new(ExitCode.Unavailable, $"No answer: {http.Message}", "Is 'alloc dev' or 'alloc serve' running?"),
        HttpRequestException http => new(ExitCode.Unavailable, http.Message),
        TimeoutException timeout => new(ExitCode.Unavailable, timeout.Message),
        OperationCanceledException => new(ExitCode.Unavailable, "The time allowed is over."),
        UnauthorizedAccessException denied => new(ExitCode.Failure, denied.Message),
        IOException io => new(ExitCode.Failure, io.Message),
        _ => new(ExitCode.Failure, $"A fault of alloc itself: {e.Message}", IsUnexpected: true),
    };

    private static Explanation Explain(Error error) => error.Code switch
    {
        ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Transport or ErrorCode.Local_TimedOut
            or ErrorCode.Local_MsgTimedOut
            or ErrorCode.Local_Resolve or ErrorCode.RequestTimedOut =>
            new(ExitCode.Unavailable, $"Kafka does not answer: {error.Reason}",
                "Is 'alloc dev' running? --bootstrap or ALLOC_BOOTSTRAP names another address."),
        ErrorCode.UnknownTopicOrPart or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition =>
            new(ExitCode.NotFound, $"Kafka has no such topic or partition: {error.Reason}"),
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
            or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.SaslAuthenticationFailed
            or ErrorCode.Local_Authentication =>
            new(ExitCode.Failure, $"Kafka refuses: {error.Reason}",
                "Check the credentials in --kafka-config or -X, and the ACLs in docs/operations.md."),
        _ => new(ExitCode.Failure, $"Kafka: {error.Reason} ({error.Code})"),
    };

    private static int CodeOf(FailureKind kind) => kind switch
    {
        FailureKind.Usage => ExitCode.Usage,
        FailureKind.NotFound => ExitCode.NotFound,
        FailureKind.Unavailable => ExitCode.Unavailable,
        _ => ExitCode.Failure,
    };

    private static int NativeError(IOException e) => e.HResult & 0xFFFF;

    private sealed record Explanation(int ExitCode, string Message, string? Remedy = null, bool IsUnexpected = false);
}

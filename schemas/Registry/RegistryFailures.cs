using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Confluent.SchemaRegistry;
using Newtonsoft.Json;

namespace Alloc.Schemas.Registry;

/// <summary>
/// Says of a failure of Confluent's client whose it is: the registry's, which may be away, or the request's. The one
/// place that knows what the client throws. No message holds credentials: the client's own may hold addresses, ours
/// hold the address without its user.
/// </summary>
internal static class RegistryFailures
{
    private const string Back = "Bring it back, or correct its address.";

    /// <summary>The failure in our words; null for one that is not the client's.</summary>
    /// <param name="failure">What the client threw.</param>
    /// <param name="address">The registry's addresses.</param>
    /// <param name="question">What was asked, for example "asked for schema 7".</param>
    public static Exception? Explain(Exception failure, string address, string question) => failure switch
    {
        RegistryUnavailableException or RegistryRefusedException => null,
        SchemaRegistryException answer => Explain(answer, address, question),
        HttpRequestException unanswered => Explain(unanswered, address, question),
        OperationCanceledException late => Late(address, question, late),
        IOException or SocketException => Unreached(failure, address, question, failure),
        JsonException or FormatException or OverflowException or InvalidCastException => Other(address, "", failure),
        // The client throws a bare Exception for one failure: no token from the authority of its OAuth settings.
        _ when failure.GetType() == typeof(Exception) => new RegistryUnavailableException(
            $"The schema registry at {address} could not be asked, {question}: {failure.Message}", failure)
        {
            Remedy = "Check the token endpoint, the client's id and its secret.",
        },
        _ => null,
    };

    /// <summary>What answers is no schema registry.</summary>
    /// <param name="address">Where it answers.</param>
    /// <param name="detail">What shows it, beginning with a space; may be empty.</param>
    /// <param name="failure">The failure, where there is one.</param>
    public static RegistryUnavailableException Other(string address, string detail, Exception? failure = null) =>
        new($"What answers at {address} is not a schema registry{detail}.", failure!)
        {
            Remedy = "Correct its address.",
        };

    // A message of the registry comes with the code appended by the client, which the exception has apart.
    private static Exception Explain(SchemaRegistryException answer, string address, string question)
    {
        var suffix = $"; error code: {answer.ErrorCode}";
        var said = answer.Message.EndsWith(suffix, StringComparison.Ordinal)
            ? answer.Message[..^suffix.Length]
            : answer.Message;
        return answer.Status switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Conflict or HttpStatusCode.UnprocessableEntity
                when answer.ErrorCode > 0 => new RegistryRefusedException(answer.Status, answer.ErrorCode, said),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                Credentials(address, question, (int)answer.Status, answer),
            HttpStatusCode.NotFound => Other(address, " (404)", answer),
            var status => new RegistryUnavailableException(
                $"The schema registry at {address} answers {(int)status}, {question}: "
                + (said.Length == 0 ? status : said), answer)
            {
                Remedy = Back,
            },
        };
    }

    private static RegistryUnavailableException Explain(
        HttpRequestException unanswered, string address, string question)
    {
        // Several addresses fail for several reasons; the last one's is told, as it was tried last.
        var reason = unanswered.InnerException is AggregateException all
            ? all.InnerExceptions.LastOrDefault()
            : unanswered.InnerException;
        return reason switch
        {
            OperationCanceledException => Late(address, question, unanswered),
            // How the client tells of a 401 whose body is not the registry's.
            HttpRequestException { Message: "Unauthorized" } => Credentials(address, question, 401, unanswered),
            // It was answered with a status that the client tries again at: its message ends with what was said.
            null => new RegistryUnavailableException(
                $"The schema registry at {address} is not well, {question}: {Said(unanswered.Message)}", unanswered)
            {
                Remedy = Back,
            },
            _ => Unreached(reason, address, question, unanswered),
        };
    }

    private static RegistryUnavailableException Unreached(
        Exception reason, string address, string question, Exception failure)
    {
        var causes = new List<Exception>();
        for (Exception? cause = reason; cause is not null; cause = cause.InnerException)
        {
            causes.Add(cause);
        }
        var what = causes.OfType<IOException>().Any() ? "broke the connection" : "cannot be reached";
        return new RegistryUnavailableException(
            $"The schema registry at {address} {what}, {question}: {causes[^1].Message}", failure)
        {
            Remedy = causes.OfType<AuthenticationException>().Any()
                ? "Check its certificate, and the authorities that are trusted."
                : Back,
        };
    }

    private static RegistryUnavailableException Credentials(
        string address, string question, int status, Exception failure) =>
        new($"The schema registry at {address} refuses the credentials ({status}), {question}.", failure)
        {
            Remedy = "Check user, password or token, and their rights.",
        };

    private static RegistryUnavailableException Late(string address, string question, Exception failure) =>
        new($"The schema registry at {address} did not answer in time, {question}.", failure) { Remedy = Back };

    // "[http://host:port/] InternalServerError 50001 store", one of them for each address.
    private static string Said(string message)
    {
        var bracket = message.LastIndexOf("] ", StringComparison.Ordinal);
        return bracket < 0 ? message : message[(bracket + 2)..].Replace(" -1 ", "", StringComparison.Ordinal).Trim();
    }
}

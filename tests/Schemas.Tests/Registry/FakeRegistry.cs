using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace Schemas.Tests.Registry;

/// <summary>A request that was made of a <see cref="FakeRegistry"/>.</summary>
internal sealed record FakeRequest(string Path, string? Authorization, string Body);

/// <summary>
/// Answers requests over HTTP from a list, and keeps what was asked. One that finds no answer is refused.
/// </summary>
internal sealed class FakeRegistry : IAsyncDisposable
{
    private readonly ConcurrentQueue<Func<HttpContext, Task>> answers = new();
    private readonly ConcurrentQueue<FakeRequest> requests = new();
    private readonly WebApplication server;

    private FakeRegistry()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        server = builder.Build();
        server.Run(AnswerAsync);
    }

    public Uri Address => new(server.Urls.Single());

    public IReadOnlyList<FakeRequest> Requests => [.. requests];

    public static async Task<FakeRegistry> StartAsync()
    {
        var registry = new FakeRegistry();
        await registry.server.StartAsync(TestContext.Current.CancellationToken);
        return registry;
    }

    public FakeRegistry Answer(int status, string body, string mediaType = "application/vnd.schemaregistry.v1+json")
    {
        answers.Enqueue(http =>
        {
            http.Response.StatusCode = status;
            http.Response.ContentType = mediaType;
            return http.Response.WriteAsync(body, http.RequestAborted);
        });
        return this;
    }

    public FakeRegistry Redirect(Uri to)
    {
        answers.Enqueue(http =>
        {
            http.Response.Redirect(to.ToString());
            return Task.CompletedTask;
        });
        return this;
    }

    /// <summary>Closes the connection instead of an answer.</summary>
    public FakeRegistry Break()
    {
        answers.Enqueue(http =>
        {
            http.Abort();
            return Task.CompletedTask;
        });
        return this;
    }

    /// <summary>Answers half of what it promised, and closes the connection.</summary>
    public FakeRegistry BreakInTheMiddle()
    {
        answers.Enqueue(async http =>
        {
            http.Response.ContentLength = 100;
            await http.Response.WriteAsync("{\"schema\":", http.RequestAborted);
            await http.Response.Body.FlushAsync(http.RequestAborted);
            http.Abort();
        });
        return this;
    }

    /// <summary>Does not answer until the client has gone.</summary>
    public FakeRegistry Hang()
    {
        answers.Enqueue(async http =>
        {
            var gone = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var registration = http.RequestAborted.Register(gone.SetResult);
            await gone.Task;
        });
        return this;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var body = await reader.ReadToEndAsync(http.RequestAborted);
        // As it was sent: a subject may hold an escaped slash.
        var path = new Uri(http.Request.GetEncodedUrl()).PathAndQuery;
        requests.Enqueue(new FakeRequest(path, http.Request.Headers.Authorization.FirstOrDefault(), body));
        await (answers.TryDequeue(out var answer) ? answer(http) : Unexpected(http));
    }

    private static Task Unexpected(HttpContext http)
    {
        http.Response.StatusCode = StatusCodes.Status418ImATeapot;
        return Task.CompletedTask;
    }
}

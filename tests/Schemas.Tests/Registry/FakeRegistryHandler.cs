using System.Net;
using System.Text;

namespace Schemas.Tests.Registry;

/// <summary>Answers requests from a list, and keeps what was asked.</summary>
internal sealed class FakeRegistryHandler : HttpMessageHandler
{
    private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _answers = new();

    public List<(string Method, Uri Url, string? Authorization, string? Body)> Requests { get; } = [];

    public FakeRegistryHandler Answer(int status, string body)
    {
        _answers.Enqueue(_ => Task.FromResult(new HttpResponseMessage((HttpStatusCode)status)
        {
            Content = new StringContent(body, Encoding.UTF8, "application/vnd.schemaregistry.v1+json"),
        }));
        return this;
    }

    public FakeRegistryHandler Break()
    {
        _answers.Enqueue(_ => throw new HttpRequestException("refused"));
        return this;
    }

    public FakeRegistryHandler Hang()
    {
        _answers.Enqueue(async token =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            throw new InvalidOperationException();
        });
        return this;
    }

    protected override async Task<HttpResponseMessage> SendAsync(
        HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? null : await request.Content.ReadAsStringAsync(cancellationToken);
        Requests.Add((request.Method.Method, request.RequestUri!, request.Headers.Authorization?.ToString(), body));
        return await _answers.Dequeue()(cancellationToken);
    }
}

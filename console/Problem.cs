using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Alloc.Web;

/// <summary>Failures as RFC 9457 describes them: <c>application/problem+json</c>.</summary>
internal static class Problem
{
    public const string MediaType = "application/problem+json";

    public static Task WriteAsync(
        HttpContext context, int status, string title, string detail, JsonObject? extra = null)
    {
        var problem = extra ?? [];
        problem["type"] = "about:blank";
        problem["title"] = title;
        problem["status"] = status;
        problem["detail"] = detail;
        problem["instance"] = RawPath.Of(context);
        return JsonAnswer.WriteAsync(context, status, problem, MediaType);
    }
}

/// <summary>Writes a JSON tree as the answer.</summary>
internal static class JsonAnswer
{
    private static readonly JsonWriterOptions Readable =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static async Task WriteAsync(
        HttpContext context, int status, JsonNode node, string mediaType = "application/json")
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = mediaType + "; charset=utf-8";
        var buffer = new System.Buffers.ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Readable))
        {
            node.WriteTo(writer);
        }
        context.Response.ContentLength = buffer.WrittenCount;
        if (!HttpMethods.IsHead(context.Request.Method))
        {
            await context.Response.Body.WriteAsync(buffer.WrittenMemory, context.RequestAborted).ConfigureAwait(false);
        }
    }
}

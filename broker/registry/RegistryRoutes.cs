using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Alloc.Broker.Registry;

/// <summary>The HTTP interface: version 1 of Confluent's, as far as clients use it.</summary>
internal static class RegistryRoutes
{
    public const string MediaType = "application/vnd.schemaregistry.v1+json";

    private static readonly string[] Types = ["AVRO"];

    public static void Map(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        routes.MapGet("/", (HttpContext http) => Answer(http, new { }));
        routes.MapGet("/schemas/types", (HttpContext http) => Answer(http, Types));
        MapSchemas(routes, registry);
        MapSubjects(routes, registry);
        MapCompatibility(routes, registry);
        MapLevels(routes, registry);
        MapModes(routes, registry);
    }

    /// <summary>Answers with an error of the registry's form.</summary>
    public static Task RefuseAsync(HttpContext http, int status, int errorCode, string message)
    {
        http.Response.StatusCode = status;
        return Answer(http, new { error_code = errorCode, message });
    }

    private static void MapSchemas(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        routes.MapGet(
            "/schemas/ids/{id}", (HttpContext http) => Answer(http, new { schema = registry.GetSchema(Id(http)) }));
        routes.MapGet("/schemas/ids/{id}/schema", (HttpContext http) => Raw(http, registry.GetSchema(Id(http))));
        routes.MapGet("/schemas/ids/{id}/versions", (HttpContext http) => Answer(
            http,
            registry.GetVersionsOfSchema(Id(http), Flag(http, "deleted"))
                .Select(v => new { subject = v.Subject, version = v.Version })));
        routes.MapGet("/schemas/ids/{id}/subjects", (HttpContext http) => Answer(
            http, registry.GetVersionsOfSchema(Id(http), Flag(http, "deleted")).Select(v => v.Subject).Distinct()));
    }

    private static void MapSubjects(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        routes.MapGet("/subjects", (HttpContext http) => Answer(
            http, registry.GetSubjects(Flag(http, "deleted"), http.Request.Query["subjectPrefix"].ToString())));
        routes.MapGet("/subjects/{subject}/versions", (HttpContext http) => Answer(
            http, registry.GetVersions(Subject(http), Flag(http, "deleted"))));
        routes.MapGet("/subjects/{subject}/versions/{version}", (HttpContext http) => Answer(
            http, Describe(registry.GetVersion(Subject(http), Version(http), Flag(http, "deleted")))));
        routes.MapGet("/subjects/{subject}/versions/{version}/schema", (HttpContext http) => Raw(
            http, registry.GetVersion(Subject(http), Version(http), Flag(http, "deleted")).Schema));
        routes.MapPost("/subjects/{subject}/versions", async (HttpContext http) =>
        {
            var body = await BodyAsync(http);
            var id = registry.Register(Subject(http), Schema(body), Number(body, "id"), Number(body, "version"));
            await Answer(http, new { id });
        });
        routes.MapPost("/subjects/{subject}", async (HttpContext http) =>
        {
            var schema = await SchemaAsync(http);
            await Answer(http, Describe(registry.LookUp(Subject(http), schema, Flag(http, "deleted"))));
        });
        routes.MapDelete("/subjects/{subject}", (HttpContext http) => Answer(
            http, registry.DeleteSubject(Subject(http), Flag(http, "permanent"))));
        routes.MapDelete("/subjects/{subject}/versions/{version}", (HttpContext http) => Answer(
            http, registry.DeleteVersion(Subject(http), Version(http), Flag(http, "permanent"))));
    }

    private static void MapCompatibility(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        async Task Check(HttpContext http, string? version)
        {
            var schema = await SchemaAsync(http);
            var problems = registry.CheckCompatibility(Subject(http), version, schema);
            await (Flag(http, "verbose")
                ? Answer(http, new { is_compatible = problems.Count == 0, messages = problems })
                : Answer(http, new { is_compatible = problems.Count == 0 }));
        }

        routes.MapPost("/compatibility/subjects/{subject}/versions", (HttpContext http) => Check(http, version: null));
        routes.MapPost(
            "/compatibility/subjects/{subject}/versions/{version}", (HttpContext http) => Check(http, Version(http)));
    }

    private static void MapLevels(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        routes.MapGet("/config", (HttpContext http) => Answer(http, new { compatibilityLevel = registry.GetLevel() }));
        routes.MapGet("/config/{subject}", (HttpContext http) => Answer(
            http, new { compatibilityLevel = registry.GetLevel(Subject(http), Flag(http, "defaultToGlobal")) }));
        routes.MapPut("/config", async (HttpContext http) =>
        {
            var body = await BodyAsync(http);
            await Answer(http, new { compatibility = registry.SetLevel(null, Text(body, "compatibility")) });
        });
        routes.MapPut("/config/{subject}", async (HttpContext http) =>
        {
            var body = await BodyAsync(http);
            await Answer(http, new { compatibility = registry.SetLevel(Subject(http), Text(body, "compatibility")) });
        });
        routes.MapDelete("/config", (HttpContext http) => Answer(
            http, new { compatibilityLevel = registry.DeleteLevel(null) }));
        routes.MapDelete("/config/{subject}", (HttpContext http) => Answer(
            http, new { compatibilityLevel = registry.DeleteLevel(Subject(http)) }));
    }

    private static void MapModes(IEndpointRouteBuilder routes, SchemaRegistry registry)
    {
        routes.MapGet("/mode", (HttpContext http) => Answer(http, new { mode = registry.GetMode() }));
        routes.MapGet("/mode/{subject}", (HttpContext http) => Answer(
            http, new { mode = registry.GetMode(Subject(http), Flag(http, "defaultToGlobal")) }));
        routes.MapPut("/mode", async (HttpContext http) =>
        {
            var mode = Text(await BodyAsync(http), "mode");
            await Answer(http, new { mode = registry.SetMode(null, mode, Flag(http, "force")) });
        });
        routes.MapPut("/mode/{subject}", async (HttpContext http) =>
        {
            var mode = Text(await BodyAsync(http), "mode");
            await Answer(http, new { mode = registry.SetMode(Subject(http), mode, Flag(http, "force")) });
        });
        routes.MapDelete("/mode", (HttpContext http) => Answer(http, new { mode = registry.DeleteMode(null) }));
        routes.MapDelete("/mode/{subject}", (HttpContext http) => Answer(
            http, new { mode = registry.DeleteMode(Subject(http)) }));
    }

    private static object Describe(SubjectVersion version) =>
        new { subject = version.Subject, version = version.Version, id = version.Id, schema = version.Schema };

    private static Task Answer<T>(HttpContext http, T value) =>
        http.Response.WriteAsJsonAsync(value, JsonSerializerOptions.Default, MediaType, http.RequestAborted);

    private static Task Raw(HttpContext http, string schema)
    {
        http.Response.ContentType = MediaType;
        return http.Response.WriteAsync(schema, http.RequestAborted);
    }

    // The server leaves an escaped slash escaped, and subjects may have one.
    private static string Subject(HttpContext http) =>
        http.Request.RouteValues["subject"]!.ToString()!.Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    private static string Version(HttpContext http) => http.Request.RouteValues["version"]!.ToString()!;

    private static int Id(HttpContext http) =>
        int.TryParse(http.Request.RouteValues["id"]!.ToString(), out var id)
            ? id
            : throw RegistryException.SchemaNotFound();

    private static bool Flag(HttpContext http, string name) =>
        bool.TryParse(http.Request.Query[name].ToString(), out var value) && value;

    private static string? Text(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A number that a client leaves away, or gives as 0 or −1, where the registry is to choose.</summary>
    private static int? Number(JsonElement body, string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number
            && value.TryGetInt32(out var number) && number > 0
            ? number
            : null;

    private static async Task<string> SchemaAsync(HttpContext http) => Schema(await BodyAsync(http));

    private static string Schema(JsonElement body)
    {
        if (Text(body, "schemaType") is { } type && type != "AVRO")
        {
            throw RegistryException.InvalidSchema($"only AVRO is supported, not {type}");
        }
        if (body.TryGetProperty("references", out var references)
            && references is { ValueKind: JsonValueKind.Array } list
            && list.GetArrayLength() > 0)
        {
            throw RegistryException.InvalidSchema(
                "references are not supported: send a schema that holds all its types");
        }
        return Text(body, "schema") ?? throw RegistryException.InvalidSchema("\"schema\" is missing");
    }

    private static async Task<JsonElement> BodyAsync(HttpContext http)
    {
        try
        {
            using var document = await JsonDocument.ParseAsync(http.Request.Body, default, http.RequestAborted);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw RegistryException.BadRequest("The body is not a JSON object.");
        }
        catch (JsonException exception)
        {
            throw RegistryException.BadRequest("The body is not JSON: " + exception.Message);
        }
    }
}

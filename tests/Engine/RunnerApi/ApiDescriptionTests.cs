using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Runner.Tests.Engine.Host;
using Runner.Web.ConsoleApi;
using Runner.Web.RunnerApi;

namespace Runner.Tests.Engine.RunnerApi;

/// <summary>The OpenAPI description says of every call what it takes and answers.</summary>
public sealed class ApiDescriptionTests
{
    [Fact]
    public async Task Every_call_is_described_with_its_body_its_answer_and_its_errors()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var document = JsonDocument.Parse(await browser.GetStringAsync("/openapi/runner.json", TestContext.Current.CancellationToken));
        var described = document.RootElement.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(call => (Name: $"{call.Name.ToUpperInvariant()} {path.Name.TrimEnd('/')}", Operation: call.Value)))
            .ToDictionary(call => call.Name, call => call.Operation);

        var mapped = host.Get<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(route => route.RoutePattern.RawText!.StartsWith(RunnerApiEndpoints.BasePath, StringComparison.Ordinal) && !route.RoutePattern.RawText.Contains("**", StringComparison.Ordinal) && route.RoutePattern.RawText != ConfigValues.Path)
            .SelectMany(route => route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Select(method => $"{method} {route.RoutePattern.RawText!.TrimEnd('/')}"))
            .Order(StringComparer.Ordinal);

        Assert.Equal(mapped, described.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, operation) in described)
        {
            Assert.NotEqual("", operation.GetProperty("summary").GetString());
            Assert.True(operation.GetProperty("responses").TryGetProperty("200", out var ok) && ok.GetProperty("content").EnumerateObject().Any(), $"{name} has no answer");
            Assert.True(operation.GetProperty("responses").TryGetProperty("401", out _), $"{name} has no refusal");
            Assert.Equal(name.Count(letter => letter == '{'), operation.TryGetProperty("parameters", out var parameters) ? parameters.EnumerateArray().Count(one => one.GetProperty("in").GetString() == "path") : 0);
        }
    }

    [Fact]
    public async Task Bodies_and_answers_are_described_with_the_names_on_the_wire()
    {
        await using var host = await RunnerHost.StartAsync();
        using var browser = await host.SignedInAsync();
        using var document = JsonDocument.Parse(await browser.GetStringAsync("/openapi/runner.json", TestContext.Current.CancellationToken));
        var schemas = document.RootElement.GetProperty("components").GetProperty("schemas");

        var run = document.RootElement.GetProperty("paths").GetProperty("/api/v1/service/{name}/run").GetProperty("post");
        Assert.EndsWith("/ServiceRequest", run.GetProperty("requestBody").GetProperty("content").GetProperty("application/json").GetProperty("schema").GetProperty("$ref").GetString(), StringComparison.Ordinal);
        Assert.True(schemas.GetProperty("ServiceRequest").GetProperty("properties").TryGetProperty("image_id", out _));
        Assert.True(schemas.GetProperty("StatusAnswer").GetProperty("properties").TryGetProperty("actual_replica", out _));
        Assert.True(schemas.GetProperty("ErrorAnswer").GetProperty("properties").TryGetProperty("msg", out _));
    }
}

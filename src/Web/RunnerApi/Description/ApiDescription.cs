using System.Reflection;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Runner.Web.Hosting;
using Runner.Web.Identity;
using Scalar.AspNetCore;

namespace Runner.Web.RunnerApi.Description;

/// <summary>The OpenAPI document of the runner API, and the page that shows it. Both are for people who are signed in.</summary>
internal static class ApiDescription
{
    public const string DocumentPath = "/openapi/runner.json";

    /// <summary>The page that shows the document.</summary>
    public const string PagePath = "/api-docs";

    private const string DocumentName = "runner";

    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi(DocumentName, options =>
    {
        options.ShouldInclude = description => description.ActionDescriptor.EndpointMetadata.OfType<CallFacts>().Any();
        options.AddDocumentTransformer(DescribeDocument);
        options.AddOperationTransformer(DescribeOperation);
    });

    public static void MapApiDescription(this IEndpointRouteBuilder routes)
    {
        var pages = routes.MapGroup("").RequireAuthorization(ConsolePolicies.Viewer);
        pages.MapOpenApi("/openapi/{documentName}.json");

        // Its script comes with the package, which would give it to anybody; nothing is fetched from elsewhere, and the policy would not let it.
        ((IEndpointConventionBuilder)pages).Finally(builder =>
        {
            foreach (var open in builder.Metadata.OfType<IAllowAnonymous>().ToList())
            {
                builder.Metadata.Remove(open);
            }
        });
        pages.MapScalarApiReference(PagePath, (page, context) =>
        {
            page.AddDocument(DocumentName, "CSGHub Runner").WithOpenApiRoutePattern("/openapi/{documentName}.json").WithTitle("API · CSGHub Runner");
            page.DefaultFonts = false;
            page.Telemetry = false;
            page.Nonce = SecurityHeaders.AllowScriptWithNonce(context);
            page.DisableAgent().DisableMcp().HideClientButton();
        });
    }

    /// <summary>Gives each call of the group what <see cref="RunnerApiCalls"/> says of it.</summary>
    public static void Describe(this RouteGroupBuilder group) => ((IEndpointConventionBuilder)group).Add(builder =>
    {
        var path = ((RouteEndpointBuilder)builder).RoutePattern.RawText?[RunnerApiEndpoints.BasePath.Length..].TrimEnd('/');
        var method = builder.Metadata.OfType<IHttpMethodMetadata>().LastOrDefault()?.HttpMethods[0];
        if (!RunnerApiCalls.All.TryGetValue($"{method} {path}", out var facts))
        {
            return;
        }

        // The explorer of endpoints looks only at those with a method, and at its parameters.
        builder.Metadata.Add(typeof(ApiDescription).GetMethod(nameof(Call), BindingFlags.NonPublic | BindingFlags.Static)!);
        builder.Metadata.Add(facts);
        builder.Metadata.Add(new TagsAttribute(facts.Group));
        builder.Metadata.Add(new EndpointSummaryAttribute(facts.Summary));
        builder.Metadata.Add(new EndpointDescriptionAttribute(facts.Details));
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, facts.Answer ?? typeof(string), [facts.AnswerType]));
        foreach (var status in facts.Errors.Append(StatusCodes.Status401Unauthorized))
        {
            builder.Metadata.Add(new ProducesResponseTypeMetadata(status, typeof(ErrorAnswer), ["application/json"]));
        }
    });

    private static Task Call(HttpContext context) => Task.CompletedTask;

    private static Task DescribeDocument(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "CSGHub Runner",
            Version = "v1",
            Description = "What CSGHub Server asks of a runner. Every call carries the hub's bearer token. GET and DELETE calls carry JSON bodies too. "
                + "Names of properties are matched without regard to case and unknown ones are ignored. An empty `cluster_id` means the default cluster. Every error carries `msg`.",
        };

        // The address is wherever this program is reached.
        document.Servers = [];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            ["hub"] = new OpenApiSecurityScheme { Type = SecuritySchemeType.Http, Scheme = "bearer", Description = "STARHUB_SERVER_API_TOKEN" },
        };
        document.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference("hub", document)] = [] }];
        return Task.CompletedTask;
    }

    private static async Task DescribeOperation(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var facts = context.Description.ActionDescriptor.EndpointMetadata.OfType<CallFacts>().Single();
        operation.Parameters =
        [
            .. Parameters(context.Description.RelativePath ?? "").Select(name => Parameter(name, "", ParameterLocation.Path)),
            .. facts.Query.Select(parameter => Parameter(parameter.Name, parameter.Meaning, ParameterLocation.Query)),
        ];
        if (facts.Body is not null)
        {
            var schema = await context.GetOrCreateSchemaAsync(facts.Body, null, cancellationToken);
            var named = !facts.Body.IsGenericType && context.Document!.AddComponent(facts.Body.Name, schema);
            operation.RequestBody = new OpenApiRequestBody
            {
                Required = context.Description.HttpMethod != HttpMethods.Get,
                Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new() { Schema = named ? new OpenApiSchemaReference(facts.Body.Name, context.Document) : schema } },
            };
        }
    }

    private static IEnumerable<string> Parameters(string path) =>
        path.Split('/').Where(part => part.StartsWith('{')).Select(part => part.Trim('{', '}'));

    private static OpenApiParameter Parameter(string name, string meaning, ParameterLocation place) => new()
    {
        Name = name,
        In = place,
        Required = place == ParameterLocation.Path,
        Description = meaning.Length > 0 ? meaning : null,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    };
}

using System.CommandLine;

namespace Runner.Web.Commands;

/// <summary>How a running runner is reached and with which right.</summary>
/// <param name="Token">A bearer token; empty to get one with the client's id and secret.</param>
internal sealed record RunnerAccess(Uri Address, string Token, string ClientId, string ClientSecret);

/// <summary>The options that say so. Secrets come from the environment only: arguments are seen by everybody on the machine.</summary>
internal sealed class AccessOptions
{
    public const string TokenVariable = "RUNNER_TOKEN";
    public const string ClientVariable = "RUNNER_CLIENT_ID";
    public const string SecretVariable = "RUNNER_CLIENT_SECRET";
    public const string AddressVariable = "RUNNER_URL";

    private readonly Option<Uri?> _address = new("--url")
    {
        Description = $"Address of the runner; {AddressVariable} where none is given, else http://127.0.0.1:8082. A token comes from {TokenVariable}, or is asked for with {ClientVariable} and {SecretVariable}.",

        // What is no address is refused by the validator, with a sentence.
        CustomParser = result => result.Tokens is [var token] && IsHttp(token.Value) ? new Uri(token.Value) : null,
    };

    public void AddTo(Command command)
    {
        _address.Validators.Add(result =>
        {
            if (result.Tokens.Count != 1 || !IsHttp(result.Tokens[0].Value))
            {
                result.AddError("--url must be followed by an http or https address.");
            }
        });
        command.Add(_address);
    }

    /// <summary>Whether a runner is named.</summary>
    public bool IsNamed(ParseResult parsed) => parsed.GetValue(_address) is not null || IsHttp(Variable(AddressVariable));

    public RunnerAccess Read(ParseResult parsed)
    {
        var named = Variable(AddressVariable);
        return new(parsed.GetValue(_address) ?? new Uri(IsHttp(named) ? named : "http://127.0.0.1:8082"), Variable(TokenVariable), Variable(ClientVariable), Variable(SecretVariable));
    }

    private static bool IsHttp(string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) && (uri.Scheme is "http" or "https");

    private static string Variable(string name) => Environment.GetEnvironmentVariable(name) ?? "";
}

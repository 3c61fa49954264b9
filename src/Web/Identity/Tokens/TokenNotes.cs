using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Runner.Web.Identity.Tokens;

/// <summary>Has it noted when a client is given a token by its secret, and when a token is refused: for a wrong secret, a code or refresh token that does not hold, a scope it may not have.</summary>
internal sealed class TokenNotes(AccessNotes notes) : IOpenIddictServerHandler<ApplyTokenResponseContext>
{
    public ValueTask HandleAsync(ApplyTokenResponseContext context)
    {
        var client = context.Request?.ClientId ?? "";
        var address = context.Transaction.GetHttpRequest()?.HttpContext.Connection.RemoteIpAddress;
        if (context.Response.Error is { Length: > 0 } error)
        {
            notes.Note(client, address, AuditActions.Token, "", AuditOutcome.Refused, AuditDetail.Quoted($"{error}: {context.Response.ErrorDescription}"));
        }
        else if (context.Request?.IsClientCredentialsGrantType() == true)
        {
            notes.Note(client, address, AuditActions.Token, "", AuditOutcome.Done, AuditDetail.Quoted(string.Join(' ', context.Request.GetScopes().Order(StringComparer.Ordinal))));
        }

        return ValueTask.CompletedTask;
    }
}

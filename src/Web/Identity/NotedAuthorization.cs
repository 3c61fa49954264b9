using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Policy;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Identity;

/// <summary>Answers refused calls as usual, and has those of known callers noted. Who is not known is led to sign-in and not noted: it may be anybody, any number of times.</summary>
internal sealed class NotedAuthorization(AccessNotes notes) : IAuthorizationMiddlewareResultHandler
{
    private readonly AuthorizationMiddlewareResultHandler _usual = new();

    public Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Forbidden)
        {
            notes.NoteRefused(context, ApiAccess.RefusalDetail(context));
        }

        return _usual.HandleAsync(next, context, policy, authorizeResult);
    }
}

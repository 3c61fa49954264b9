using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.SignalR;
using Runner.Web.Identity.Tokens;

namespace Runner.Web.Identity;

/// <summary>
/// Decides as usual, and has it noted where somebody connected is refused a method of a hub: SignalR asks for these beside the request's own authorization, and before its filters.
/// </summary>
internal sealed class NotedHubAuthorization(AccessNotes notes) : IAuthorizationEvaluator
{
    private readonly DefaultAuthorizationEvaluator _usual = new();

    public AuthorizationResult Evaluate(AuthorizationHandlerContext context)
    {
        var result = _usual.Evaluate(context);
        if (!result.Succeeded && context.Resource is HubInvocationContext call)
        {
            var scope = context.Requirements.OfType<ApiAccessRequirement>().FirstOrDefault()?.Scope;
            notes.NoteRefused(call.Context, call.HubMethodName, ApiAccess.RefusalDetail(context.User, scope));
        }

        return result;
    }
}

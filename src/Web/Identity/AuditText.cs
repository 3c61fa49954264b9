namespace Runner.Web.Identity;

/// <summary>Names the resource with the sentences of the audit log's details: <c>AuditText.resx</c> (English) and <c>AuditText.zh-Hans.resx</c>.</summary>
public sealed class AuditText;

"""Why a file is refused, in words for the person who gave it."""

from eventreg.shared.errors import N_, DomainError, Kind


class FileRefused(DomainError):
    """A file that is not kept."""

    code = "file_refused"
    field = "file"


class TypeNotAllowed(FileRefused):
    """Neither a known document nor a known picture, whatever its name says."""

    code = "file_type"
    message = N_(
        "This kind of file is not accepted. Give a PDF, an office document without macros "
        "(ODT, ODS, ODP, DOCX, XLSX, PPTX), a text (CSV, TXT) or a picture (PNG, JPEG, WebP, GIF)."
    )


class NotAPicture(FileRefused):
    """A document where a picture is wanted."""

    code = "not_a_picture"
    message = N_("Give a picture: PNG, JPEG, WebP or GIF.")


class NotWhatItSays(FileRefused):
    """The bytes are of one kind, the name of another."""

    code = "file_name"
    message = N_("The name ends in “%(said)s” but the file is of the kind “%(found)s”.")


class Damaged(FileRefused):
    """It begins like a known kind and cannot be read as one."""

    code = "file_damaged"
    message = N_("This file is damaged or is two files in one. Export it again, then retry.")


class TooLarge(FileRefused):
    """More bytes, or more pixels, than are kept."""

    code = "file_too_large"
    message = N_("This file is too large: %(limit)s MB at most.")


class TooManyPixels(TooLarge):
    """A picture that would fill the memory."""

    message = N_("This picture is too large: %(limit)s million pixels at most.")


class EmptyFile(FileRefused):
    """No bytes at all."""

    code = "file_empty"
    message = N_("This file is empty.")


class TooManyFiles(FileRefused):
    """The event has as many as it may."""

    kind = Kind.CONFLICT
    code = "too_many_files"
    message = N_("This event has %(limit)s of them already. Remove one first.")

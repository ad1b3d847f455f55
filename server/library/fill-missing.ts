import { type Library, type UploadOptions, type UploadReport, upload } from './upload.ts'
import { validate } from './validate.ts'

/**
 * Looks what the store lacks or has wrong, and sends that again from the folder it came from. What the folder does not
 * have any more stays marked as lost.
 *
 * @param options `isDeep`: reads every object to find the wrong ones
 * @throws {LibraryError} @throws {ObjectStoreError}
 */
export async function fillMissing(
  library: Library,
  folder: string,
  options: UploadOptions & { isDeep: boolean },
): Promise<UploadReport & { lost: number }> {
  const { missing, wrongSize, wrongContent } = await validate(library, options)
  const wrong = [...wrongSize, ...wrongContent]
  const lost = [...missing, ...wrong]
  if (!options.isDryRun && lost.length > 0) {
    // A wrong object under a content's name would be taken for that content.
    await library.patience.of(() => library.store.delete(wrong))
    await library.manifest.loseObjects(lost)
  }
  return { ...(await upload(library, folder, options)), lost: lost.length }
}
